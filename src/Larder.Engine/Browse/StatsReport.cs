using Larder.Engine.Configuration;
using Larder.Repository;
using Larder.Repository.Maintenance;
using Larder.Repository.Storage;

namespace Larder.Engine.Browse;

/// <summary>How much there is, for `larder stats`.</summary>
public sealed record StatsReport
{
    public required IReadOnlyList<RepositoryStats> Repositories { get; init; }

    /// <param name="only">This repository alone; null for all.</param>
    public static async Task<StatsReport> ComputeAsync(EngineContext context, string? only, CancellationToken cancellationToken)
    {
        var repositories = new List<RepositoryStats>();
        foreach (var name in only is null ? context.Repositories.Names.ToList() : [only])
        {
            repositories.Add(await RepositoryStats.ComputeAsync(context, name, cancellationToken));
        }
        return new StatsReport { Repositories = repositories };
    }
}

/// <summary>The figures of one repository.</summary>
public sealed record RepositoryStats
{
    // What is unused is found by walking every tree of every snapshot; beyond this many blobs that takes longer than anybody waits.
    private const long UnusedBlobsMax = 1_000_000;

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

    internal static async Task<RepositoryStats> ComputeAsync(EngineContext context, string name, CancellationToken cancellationToken)
    {
        var backups = await context.Library.ListAsync(name, cancellationToken);
        var repository = await context.Repositories.OpenAsync(name, cancellationToken);
        var index = await repository.LoadIndexAsync(cancellationToken);
        var stored = await SumAsync(repository, FileKind.Pack, cancellationToken);
        var (snapshots, _) = await SumAsync(repository, FileKind.Snapshot, cancellationToken);
        var restored = backups.Sum(backup => backup.SizeBytes);
        var unique = 0L;
        for (var ordinal = 0L; ordinal < index.BlobCount; ordinal++)
        {
            unique += index.BlobAt(ordinal).PlainBytes;
        }
        return new RepositoryStats
        {
            Name = name,
            Location = repository.Location,
            Backups = backups.Count,
            Snapshots = (int)snapshots,
            Packs = index.PackCount,
            Blobs = index.BlobCount,
            StoredBytes = stored.Bytes,
            RestoredBytes = restored,
            UniqueBytes = unique,
            DedupRatio = unique > 0 ? Math.Round((double)restored / unique, 3) : null,
            CompressionRatio = stored.Bytes > 0 ? Math.Round((double)unique / stored.Bytes, 3) : null,
            UnusedBytes = await UnusedAsync(context, repository, index.BlobCount, cancellationToken),
            Oldest = backups.Count > 0 ? backups.Min(backup => backup.CreatedAt) : null,
            Newest = backups.Count > 0 ? backups.Max(backup => backup.CreatedAt) : null,
            FreeDiskBytes = context.Repositories.SettingsOf(name).Location is LocalLocation local
                ? new DriveInfo(local.Path).AvailableFreeSpace
                : null,
        };
    }

    private static async Task<(long Files, long Bytes)> SumAsync(
        Repository.Repository repository, FileKind kind, CancellationToken cancellationToken)
    {
        var (files, bytes) = (0L, 0L);
        await foreach (var file in repository.Storage.ListAsync(kind, cancellationToken))
        {
            (files, bytes) = (files + 1, bytes + file.LengthBytes);
        }
        return (files, bytes);
    }

    private static async Task<long?> UnusedAsync(
        EngineContext context, Repository.Repository repository, long blobs, CancellationToken cancellationToken)
    {
        if (blobs > UnusedBlobsMax)
        {
            return null;
        }
        try
        {
            var plan = await Pruner.PlanAsync(repository, new PruneOptions { UnusedPercentMax = 0 }, cancellationToken);
            return plan.FreedBytes;
        }
        catch (RepositoryException e)
        {
            context.Warn($"What repository \"{repository.Location}\" does not use is not known: {e.Message}");
            return null;
        }
    }
}
