namespace Larder.Engine.Browse;

/// <summary>How much there is, for `larder stats`.</summary>
public sealed record StatsReport
{
    public required IReadOnlyList<RepositoryStats> Repositories { get; init; }

    /// <param name="only">This repository alone; null for all.</param>
    public static Task<StatsReport> ComputeAsync(EngineContext context, string? only, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}

/// <summary>The figures of one repository.</summary>
public sealed record RepositoryStats
{
    public required string Name { get; init; }

    public required string Location { get; init; }

    /// <summary>Restore points of Larder.</summary>
    public required int Backups { get; init; }

    /// <summary>All snapshots, those of other programs too.</summary>
    public required int Snapshots { get; init; }

    public required int Packs { get; init; }

    public required long Blobs { get; init; }

    /// <summary>Bytes of all pack files that the index names.</summary>
    public required long StoredBytes { get; init; }

    /// <summary>Bytes that restoring every backup would write.</summary>
    public required long RestoredBytes { get; init; }

    /// <summary>Bytes of the distinct blobs before compression.</summary>
    public required long UniqueBytes { get; init; }

    /// <summary>Restored bytes for each unique byte; null while there is nothing.</summary>
    public double? DedupRatio { get; init; }

    /// <summary>Unique bytes for each stored byte; null while there is nothing.</summary>
    public double? CompressionRatio { get; init; }

    /// <summary>About how many bytes a cleanup could free now; null where it was not computed.</summary>
    public long? UnusedBytes { get; init; }

    public DateTimeOffset? Oldest { get; init; }

    public DateTimeOffset? Newest { get; init; }

    /// <summary>What the disk has left; null where the repository is on no disk of this machine.</summary>
    public long? FreeDiskBytes { get; init; }
}
