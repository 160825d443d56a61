using System.Text.Json.Nodes;
using Larder.Api.Running;
using Larder.Engine;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>A run as calls show it: what the catalog has of it, how far it is, and what it made.</summary>
internal static class RunDocument
{
    /// <exception cref="LarderException"><see cref="EngineError.UnknownRun"/>; of a job that the caller may not see too.</exception>
    public static JsonObject Of(ApiCall call, string id)
    {
        var (live, run) = (call.Services.Runs.Find(id), call.Services.Catalog.FindRun(id));
        if ((live is null && run is null) || !call.Caller.MaySee(run?.Job ?? live?.Order.Job))
        {
            throw Unknown();
        }
        var document = run is not null ? RunJson.Of(run) : Waiting(live!);
        document["progress"] = live is null ? null : Of(live.Progress);
        document["report"] = new RunReports(call.Services.Catalog).Find(id) is { } report ? JsonNode.Parse(report) : null;
        return document;
    }

    public static LarderException Unknown() => new(EngineError.UnknownRun, "There is no run of this id.");

    public static JsonObject Of(RunProgress progress) => new()
    {
        ["phase"] = progress.Phase,
        ["done_bytes"] = progress.DoneBytes,
        ["total_bytes"] = progress.TotalBytes,
    };

    private static JsonObject Waiting(OrderedRun run) => RunJson.Of(new Run
    {
        Id = run.Id,
        Kind = run.Order.Kind,
        Job = run.Order.Job,
        Status = RunStatus.InProgress,
        Trigger = "api",
        CreatedBy = run.Order.CreatedBy,
        StartedAt = run.OrderedAt,
        Process = ProcessIdentity.Current,
    });
}
