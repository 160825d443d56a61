namespace Larder.Engine.Maintenance;

/// <summary>What a rebuild of the index found.</summary>
public sealed record RepairIndexReport
{
    public required IReadOnlyList<RepairedIndex> Repositories { get; init; }

    public string ToJson() => MaintenanceJson.Write(this);
}

/// <param name="Packs">How many packs are in the index now.</param>
/// <param name="UnreadablePacks">Ids of packs whose header does not open; they stay where they are, in no index.</param>
public sealed record RepairedIndex(string Repository, int Packs, IReadOnlyList<string> UnreadablePacks);
