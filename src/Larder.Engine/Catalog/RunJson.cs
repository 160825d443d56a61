using System.Text.Json.Nodes;

namespace Larder.Engine.Catalog;

/// <summary>A run as <c>runs --json</c> and the API show it.</summary>
public static class RunJson
{
    public static JsonObject Of(Run run) => new()
    {
        ["id"] = run.Id,
        ["kind"] = EnumWord.Of(run.Kind),
        ["job"] = run.Job,
        ["status"] = EnumWord.Of(run.Status),
        ["trigger"] = run.Trigger,
        ["created_by"] = run.CreatedBy,
        ["started_at"] = run.StartedAt,
        ["finished_at"] = run.FinishedAt,
        ["backup_id"] = run.BackupId,
        ["size_bytes"] = run.SizeBytes,
        ["added_bytes"] = run.AddedBytes,
        ["exit_status"] = run.ExitStatus,
        ["error"] = run.ErrorCode is null
            ? null
            : new JsonObject { ["code"] = run.ErrorCode, ["message"] = run.ErrorMessage, ["hint"] = run.Hint },
    };

    public static JsonObject Of(RunEvent one) => new()
    {
        ["number"] = one.Number,
        ["at"] = one.At,
        ["level"] = EnumWord.Of(one.Level),
        ["message"] = one.Message,
    };

    /// <summary>The run with its events.</summary>
    public static JsonObject Of(Run run, IEnumerable<RunEvent> events)
    {
        var document = Of(run);
        document["events"] = new JsonArray([.. events.Select(one => (JsonNode)Of(one))]);
        return document;
    }
}
