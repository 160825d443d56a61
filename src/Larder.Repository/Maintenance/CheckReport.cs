using Larder.Repository.Storage;

namespace Larder.Repository.Maintenance;

/// <summary>What a check found.</summary>
public sealed record CheckReport
{
    public required IReadOnlyList<Damage> Damages { get; init; }

    /// <summary>What is untidy but harmless: unreferenced packs, a pack listed twice.</summary>
    public required IReadOnlyList<string> Hints { get; init; }

    public required int Snapshots { get; init; }

    public required int Packs { get; init; }

    /// <summary>How many of the packs were read whole.</summary>
    public required int PacksRead { get; init; }

    public required long BytesRead { get; init; }

    public required long Blobs { get; init; }

    public bool IsClean => Damages.Count == 0;
}

/// <summary>One thing that is wrong.</summary>
public sealed record Damage
{
    /// <summary>The damaged or missing file; null where no single file is to blame.</summary>
    public StorageKey? File { get; init; }

    /// <summary>A whole sentence: what, and where.</summary>
    public required string Message { get; init; }

    /// <summary>The snapshots that cannot be restored whole because of it.</summary>
    public IReadOnlyList<SnapshotId> Snapshots { get; init; } = [];

    internal IReadOnlyCollection<(BlobKind Kind, BlobId Id)> LostBlobs { get; init; } = [];

    /// <summary>Whether it was found by following references: every copy was tried then.</summary>
    internal bool IsReference { get; init; }
}
