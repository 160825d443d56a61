using System.Text.Json.Nodes;
using Larder.Auth;

namespace Larder.Api;

/// <summary>The service itself.</summary>
internal static class SystemRoutes
{
    // The timekeeper looks every minute; three missed looks mean that it stands still.
    private static readonly TimeSpan LookAgeMax = TimeSpan.FromMinutes(3);

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/healthz",
            Action = "system.health",
            Summary = "For whoever watches the process: 200 while the schedules are looked at, 503 when they are not or the service ends.",
            Details = "It tells nothing of jobs or backups, so anybody may ask.",
            Needs = Needs.Nothing,
            AnswerExample = """{"status":"ok"}""",
            Run = call => Task.FromResult<Answer?>(Health(call)),
        },
    ];

    private static Answer Health(ApiCall call)
    {
        var parts = call.Services.Parts;
        var isLooking = parts.Timekeeper.LastLook is { } last && parts.Clock.GetUtcNow() - last < LookAgeMax;
        var status = parts.Stopping.IsCancellationRequested ? "stopping" : isLooking ? "ok" : "scheduler_stopped";
        return Answer.Json(new JsonObject { ["status"] = status }, status == "ok" ? 200 : 503);
    }
}
