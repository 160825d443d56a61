using Larder.Engine.Configuration;
using Larder.Sources.Exchanges;

namespace Larder.Engine.Restore.Transaction;

/// <summary>
/// What one restore set out to do, as its journal keeps it: all that another process needs to finish it, or to put back what stood before.
/// No secret is in it.
/// </summary>
public sealed record RestoreRecord
{
    public required string RunId { get; init; }

    public required string BackupId { get; init; }

    /// <summary>Null for a snapshot of another program.</summary>
    public string? Job { get; init; }

    /// <summary>The backup's.</summary>
    public required string Timestamp { get; init; }

    /// <summary>The repository that is read.</summary>
    public required string Repository { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required string CreatedBy { get; init; }

    /// <summary>The environment it was aimed at; null for none.</summary>
    public string? Environment { get; init; }

    public required IReadOnlyList<RestorePart> Parts { get; init; }

    /// <summary>What is stopped and started around it; null for none.</summary>
    public ServiceSettings? Service { get; init; }

    /// <summary>How long what was replaced is kept.</summary>
    public required TimeSpan KeepSafety { get; init; }

    public string ShortId => BackupId[..8];
}

/// <summary>One source and one target of it.</summary>
public sealed record RestorePart
{
    /// <summary>From 0, in the order of the plan.</summary>
    public required int Number { get; init; }

    public required string Source { get; init; }

    public required string Engine { get; init; }

    /// <summary>For people, with no secret in it.</summary>
    public required string Target { get; init; }

    public required TargetAddress Address { get; init; }

    /// <summary>Null where it is written over what stands there, so that only a backup leads back, and where it is nested.</summary>
    public ExchangeRecord? Exchange { get; init; }

    /// <summary>Whether it lies inside a folder that another part exchanges, and comes and goes with it.</summary>
    public bool IsNested { get; init; }

    /// <summary>The uppermost folder that has to be made on the way to the target; null where its folder stands there.</summary>
    public string? MadeFolder { get; init; }
}

/// <summary>How a target is found again.</summary>
/// <param name="Kind">Which way.</param>
/// <param name="Job">Whose configuration says it; for <see cref="AddressKind.Source"/> and <see cref="AddressKind.Environment"/>.</param>
/// <param name="Environment">For <see cref="AddressKind.Environment"/>.</param>
public sealed record TargetAddress(AddressKind Kind, string? Job = null, string? Environment = null);

public enum AddressKind
{
    /// <summary>On this machine: the exchange has its paths.</summary>
    Path,

    /// <summary>The server of the job's source.</summary>
    Source,

    /// <summary>The server that the job's environment names for the source.</summary>
    Environment,

    /// <summary>The URL that was given, kept in a file that only its owner can read.</summary>
    Url,
}
