using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Larder.Daemon;

/// <summary>What the service answers.</summary>
internal static class Routes
{
    // The timekeeper looks every minute; three missed looks mean that it stands still.
    private static readonly TimeSpan LookAgeMax = TimeSpan.FromMinutes(3);

    public static void Map(IEndpointRouteBuilder app, DaemonParts parts)
    {
        app.MapGet("/healthz", context => HealthAsync(context, parts));
    }

    /// <summary>
    /// For whoever watches the process: 200 while the schedules are looked at, 503 when they are not or the service ends. Tells nothing of
    /// jobs or backups, so anybody may ask.
    /// </summary>
    private static Task HealthAsync(HttpContext context, DaemonParts parts)
    {
        var isLooking = parts.Timekeeper.LastLook is { } last && parts.Clock.GetUtcNow() - last < LookAgeMax;
        var status = parts.Stopping.IsCancellationRequested ? "stopping" : isLooking ? "ok" : "scheduler_stopped";
        context.Response.StatusCode = status == "ok" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(new JsonObject { ["status"] = status }.ToJsonString(), context.RequestAborted);
    }
}
