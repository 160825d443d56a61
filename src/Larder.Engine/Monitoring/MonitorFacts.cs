using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Verify;

namespace Larder.Engine.Monitoring;

/// <summary>Everything that checks and metrics go by, gathered at one moment. Nothing of it asks or changes anything more.</summary>
public sealed record MonitorFacts
{
    public required DateTimeOffset At { get; init; }

    public required string Host { get; init; }

    public required string LarderVersion { get; init; }

    public required Thresholds Thresholds { get; init; }

    /// <summary>In the order of the configuration.</summary>
    public required IReadOnlyList<JobFacts> Jobs { get; init; }

    public required IReadOnlyList<RepositoryFacts> Repositories { get; init; }

    public required ServiceFacts Service { get; init; }

    /// <summary>Why the catalog cannot be used, in a whole sentence; null where it can be written.</summary>
    public string? CatalogFailure { get; init; }

    /// <summary>Channels by which alerts do not arrive, as they stand in the catalog.</summary>
    public IReadOnlyList<AlertRow> BrokenChannels { get; init; } = [];
}

/// <summary>What is known of one job.</summary>
public sealed record JobFacts
{
    public required JobSettings Job { get; init; }

    public required Thresholds Thresholds { get; init; }

    /// <summary>Newest first, without those that were made before a restore.</summary>
    public required IReadOnlyList<BackupFacts> Backups { get; init; }

    /// <summary>Its runs of backups, as the catalog knows them, newest first; a hundred at most.</summary>
    public required IReadOnlyList<Run> Runs { get; init; }

    /// <summary>Whether the catalog could be asked for them.</summary>
    public bool KnowsRuns { get; init; } = true;

    /// <summary>The last of each level.</summary>
    public IReadOnlyList<VerificationRecord> Verifications { get; init; } = [];

    /// <summary>Null where it was never drilled.</summary>
    public DrillFacts? LastDrill { get; init; }

    /// <summary>One for each source, where they were asked.</summary>
    public IReadOnlyList<ProbeFacts> Probes { get; init; } = [];

    public BackupFacts? LastGood => Backups.FirstOrDefault(backup => backup.IsGood);
}

/// <param name="Sources">Names of the sources in it, in order.</param>
/// <param name="Rows">Null where nothing was counted.</param>
public sealed record BackupFacts(
    string BackupId,
    DateTimeOffset CreatedAt,
    bool IsGood,
    long SizeBytes,
    long? AddedBytes,
    long? Rows,
    double DurationSeconds,
    IReadOnlyList<string> Sources)
{
    public string ShortId => BackupId[..Math.Min(8, BackupId.Length)];
}

/// <param name="IsSuccess">Its verdict.</param>
/// <param name="RtoSeconds">How long the restore took; null where it is not known.</param>
public sealed record DrillFacts(string RunId, bool IsSuccess, DateTimeOffset At, double? RtoSeconds);

/// <param name="IsServer">Whether it is a database server, which can be down, or something of this machine.</param>
/// <param name="Failure">What is wrong, as whole sentences; null where it answered.</param>
/// <param name="Hint">What to do about it.</param>
public sealed record ProbeFacts(string Source, string Engine, bool IsServer, double Seconds, string? Failure, string? Hint);

/// <param name="Failure">Why it could not be read, as whole sentences; null where it could.</param>
/// <param name="Backups">How many backups are in it; null where it could not be read.</param>
/// <param name="Disk">Null where it lies on no disk of this machine.</param>
/// <param name="History">How full the disk was, oldest first, with how full it is now as the last.</param>
public sealed record RepositoryFacts(
    string Name, string? Failure, string? Hint, int? Backups, DiskSample? Disk, IReadOnlyList<DiskSample> History);

/// <summary>What should run the schedules.</summary>
/// <param name="Heartbeat">The daemon's last sign of life; null where there is none, or it was stopped on purpose.</param>
/// <param name="IsDead">Whether its process certainly runs no more.</param>
/// <param name="Timers">Larder's timers of systemd that are active; null where there is no systemd to ask.</param>
public sealed record ServiceFacts(Heartbeat? Heartbeat, bool IsDead, IReadOnlyList<string>? Timers);
