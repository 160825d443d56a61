using System.Text.Json.Nodes;
using Larder.Daemon;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>A run as calls show it: what the catalog has of it, how far it is, and what it made.</summary>
internal static class RunDocument
{
    /// <exception cref="LarderException"><see cref="EngineError.UnknownRun"/>; of a job that the caller may not see too.</exception>
    public static JsonObject Of(ApiCall call, string id)
    {
        var (entry, run) = (call.Services.Queue.Find(id), call.Services.Catalog.FindRun(id));
        if ((entry is null && run is null) || !call.Caller.MaySee(run?.Job ?? entry?.Run.Job))
        {
            throw Unknown();
        }
        var document = run is not null ? RunJson.Of(run) : Waiting(entry!);
        document["progress"] = entry is null ? null : new JsonObject
        {
            ["phase"] = entry.Progress is { Phase.Length: > 0 } progress ? progress.Phase : entry.IsRunning ? "beginning" : "waiting",
            ["done_bytes"] = entry.Progress?.DoneBytes ?? 0,
            ["total_bytes"] = entry.Progress?.TotalBytes ?? 0,
        };
        document["report"] = new RunReports(call.Services.Catalog).Find(id) is { } report ? JsonNode.Parse(report) : null;
        return document;
    }

    /// <summary>The id in the address; what cannot be one is unknown.</summary>
    public static string IdIn(ApiCall call)
    {
        var id = call.Part("id");
        return id.Length == 32 && id.All(char.IsAsciiHexDigitLower) ? id : throw Unknown();
    }

    public static LarderException Unknown() => new(EngineError.UnknownRun, "There is no run of this id.");

    private static JsonObject Waiting(QueueEntry entry) => RunJson.Of(new Run
    {
        Id = entry.Run.RunId,
        Kind = entry.Order.Kind,
        Job = entry.Run.Job,
        Status = RunStatus.InProgress,
        Trigger = entry.Run.Trigger,
        CreatedBy = entry.Run.CreatedBy,
        StartedAt = entry.Run.BegunAt ?? entry.Run.EnqueuedAt,
        Process = ProcessIdentity.Current,
    });
}
