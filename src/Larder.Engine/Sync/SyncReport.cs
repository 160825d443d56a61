using System.Text.Json.Nodes;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.MongoDb.Sync;

namespace Larder.Engine.Sync;

/// <summary>How a sync ended.</summary>
public enum SyncStatus
{
    Success,

    /// <summary>A server refused documents, so the sides still differ.</summary>
    Partial,

    Failed,
}

/// <summary>What a sync did, or with a dry run would do.</summary>
public sealed record SyncReport
{
    public required string Job { get; init; }

    /// <summary>Null for a dry run.</summary>
    public string? RunId { get; init; }

    public bool IsDryRun => RunId is null;

    public required IReadOnlyList<SyncedCollection> Collections { get; init; }

    public required IReadOnlyList<SourceWarning> LeftOut { get; init; }

    public required double DurationSeconds { get; init; }

    public SyncStatus Status => Collections.Any(collection => collection.Refused > 0) ? SyncStatus.Partial : SyncStatus.Success;

    public ExitStatus ExitStatus => Status == SyncStatus.Success ? ExitStatus.Done : ExitStatus.Partial;

    /// <summary>One JSON object.</summary>
    public string ToJson() => ToNode().ToJsonString(JsonForPeople.Options(new() { WriteIndented = true, NewLine = "\n" }));

    public JsonObject ToNode() => new()
    {
        ["job"] = Job,
        ["status"] = Word(Status),
        ["dry_run"] = IsDryRun,
        ["run_id"] = RunId,
        ["collections"] = new JsonArray([.. Collections.Select(collection => (JsonNode)Of(collection))]),
        ["left_out"] = new JsonArray(
            [.. LeftOut.Select(one => (JsonNode)new JsonObject { ["collection"] = one.Path, ["reason"] = one.Reason })]),
        ["duration_seconds"] = DurationSeconds,
    };

    public static string Word(SyncStatus status) => status.ToString().ToLowerInvariant();

    private static JsonObject Of(SyncedCollection one) => new()
    {
        ["collection"] = one.Name,
        ["created_on"] = one.CreatedOn,
        ["copied_to_remote"] = one.CopiedToRemote,
        ["copied_to_local"] = one.CopiedToLocal,
        ["updated_on_remote"] = one.UpdatedOnRemote,
        ["updated_on_local"] = one.UpdatedOnLocal,
        ["changed_meanwhile"] = one.ChangedMeanwhile,
        ["conflicts"] = one.Conflicts,
        ["refused"] = one.Refused,
        ["named"] = new JsonArray(
            [
                .. one.Named.Select(conflict => (JsonNode)new JsonObject
                {
                    ["id"] = conflict.Id, ["refused"] = conflict.IsRefused, ["reason"] = conflict.Reason,
                }),
            ]),
    };
}
