using System.Text.Json.Serialization;
using Larder.Engine.Retention;

namespace Larder.Engine.Configuration;

/// <summary>One job: what is backed up together, where to, when and for how long.</summary>
public sealed record JobSettings
{
    public required string Name { get; init; }

    /// <summary>In the order of the file; at least one.</summary>
    public required IReadOnlyList<SourceSettings> Sources { get; init; }

    /// <summary>Names of repositories; at least one.</summary>
    public required IReadOnlyList<string> To { get; init; }

    /// <summary>Empty: by hand only.</summary>
    public IReadOnlyList<ScheduleSettings> Schedule { get; init; } = [];

    /// <summary>When retention is applied by itself; null where it follows backups, see <see cref="CleansUpAfter"/>.</summary>
    public CleanupSettings? Cleanup { get; init; }

    /// <summary>By how much a scheduled run may begin later than it is due.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>The service prefers jobs with a greater number where several wait.</summary>
    public int Priority { get; init; }

    public RetrySettings Retry { get; init; } = new();

    public KeepPolicy Keep { get; init; } = new();

    /// <summary>What single repositories keep instead; see <see cref="KeepIn"/>.</summary>
    public IReadOnlyDictionary<string, KeepPolicy> KeepByRepository { get; init; } = new Dictionary<string, KeepPolicy>();

    public DrillSettings? Drill { get; init; }

    public ServiceSettings? Service { get; init; }

    public HookSettings Hooks { get; init; } = new();

    /// <summary>zstd's level; 0 is off.</summary>
    public int CompressionLevel { get; init; } = 1;

    /// <summary>The average size at which streams are cut, a power of two; null for what fits the kind of source.</summary>
    public int? ChunkBytes { get; init; }

    /// <summary>The longest that a whole backup may take; null for no bound.</summary>
    public TimeSpan? Timeout { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Local;

    public VerifySettings? Verify { get; init; }

    public MonitorSettings Monitor { get; init; } = new();

    /// <summary>How long what a restore replaced is kept beside what took its place, and its safety backup.</summary>
    public TimeSpan KeepSafety { get; init; } = TimeSpan.FromDays(7);

    public IReadOnlyDictionary<string, EnvironmentSettings> Environments { get; init; } = new Dictionary<string, EnvironmentSettings>();

    public SyncSettings? Sync { get; init; }

    public PurgeSettings? Purge { get; init; }

    /// <summary>What is kept in one repository.</summary>
    public KeepPolicy KeepIn(string repository) => KeepByRepository.GetValueOrDefault(repository) ?? Keep;

    /// <summary>
    /// Whether retention is applied after the scheduled backups of a schedule: where the schedule says so, and where nobody says when but
    /// there are rules to apply.
    /// </summary>
    public bool CleansUpAfter(ScheduleSettings schedule) =>
        schedule.Cleanup
        ?? (Cleanup is null
            && Schedule.All(other => other.Cleanup is not true)
            && !(Keep.KeepsEverything && KeepByRepository.Values.All(keep => keep.KeepsEverything)));
}

/// <summary>Retention at its own times.</summary>
/// <param name="Cron">When.</param>
public sealed record CleanupSettings(CronExpression Cron);

/// <summary>What the service does about a scheduled run that failed or was interrupted.</summary>
public sealed record RetrySettings
{
    public const int TimesByDefault = 1;
    public static readonly TimeSpan WaitByDefault = TimeSpan.FromMinutes(5);

    /// <summary>How often it is begun again.</summary>
    public int Times { get; init; } = TimesByDefault;

    /// <summary>How long after the failure.</summary>
    public TimeSpan Wait { get; init; } = WaitByDefault;
}

/// <summary>When a job runs.</summary>
public sealed record ScheduleSettings
{
    public required CronExpression Cron { get; init; }

    /// <summary>Names of the sources that are backed up; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Whether retention is applied afterwards; null where nobody said.</summary>
    public bool? Cleanup { get; init; }
}

/// <summary>A real restore into a throwaway engine.</summary>
public sealed record DrillSettings
{
    /// <summary>Null: by hand only.</summary>
    public CronExpression? Cron { get; init; }

    public IReadOnlyList<DrillAssertion> Assertions { get; init; } = [];

    /// <summary>Servers to restore into, by name of the source; for the others the drill starts one.</summary>
    public IReadOnlyDictionary<string, Secret> Servers { get; init; } = new Dictionary<string, Secret>();

    /// <summary>Folders of servers' programs by kind, such as <c>mongodb</c>.</summary>
    public IReadOnlyDictionary<string, string> Programs { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the throwaway data go; null for the machine's folder for temporary files.</summary>
    public string? Folder { get; init; }
}

/// <summary>What must be true of the restored data.</summary>
/// <param name="Source">The source that was restored.</param>
/// <param name="Kind">How it is asked.</param>
/// <param name="Text">The question, command or command line.</param>
/// <param name="Database">The database that is asked; null for the only one.</param>
public sealed record DrillAssertion(string Source, DrillAssertionKind Kind, string Text, string? Database = null)
{
    /// <summary>As it was written, for people: a variable in it may be a secret that nobody declared.</summary>
    public string Shown { get; init; } = Text;
}

/// <summary>How an assertion is asked.</summary>
public enum DrillAssertionKind
{
    /// <summary>SQL that answers one true value.</summary>
    Sql,

    /// <summary>A MongoDB command as JSON.</summary>
    Command,

    /// <summary>A command line that ends with 0.</summary>
    Shell,
}

/// <summary>How the service that uses the data is stopped, started and asked.</summary>
public sealed record ServiceSettings
{
    /// <summary>A command line, like the others.</summary>
    public string? Stop { get; init; }

    public string? Start { get; init; }

    /// <summary>A systemd unit; then <see cref="Stop"/> and <see cref="Start"/> are null.</summary>
    public string? Unit { get; init; }

    /// <summary>The command line that stops it, by whichever way it is configured; null where none is.</summary>
    [JsonIgnore]
    public string? StopLine => Stop ?? ByUnit("stop");

    /// <inheritdoc cref="StopLine"/>
    [JsonIgnore]
    public string? StartLine => Start ?? ByUnit("start");

    public string? Healthy { get; init; }

    /// <summary>How long after its start it is asked again and again.</summary>
    public TimeSpan HealthyWithin { get; init; } = TimeSpan.FromSeconds(60);

    private string? ByUnit(string verb) => Unit is null ? null : $"systemctl {verb} {Unit}";
}

/// <summary>Command lines around a backup, each list in order.</summary>
public sealed record HookSettings
{
    public IReadOnlyList<string> Before { get; init; } = [];

    public IReadOnlyList<string> After { get; init; } = [];

    public IReadOnlyList<string> OnFailure { get; init; } = [];
}

/// <summary>Scheduled checks of the job's backups.</summary>
public sealed record VerifySettings
{
    /// <summary>Null: by hand only.</summary>
    public CronExpression? Cron { get; init; }

    /// <summary><c>structure</c>, <c>data</c> or <c>content</c>.</summary>
    public required string Level { get; init; }

    /// <summary>A share such as <c>1/7</c>; null for everything.</summary>
    public string? Subset { get; init; }
}

/// <summary>Another place to restore to.</summary>
public sealed record EnvironmentSettings
{
    public required string Name { get; init; }

    /// <summary>By name of the source.</summary>
    public required IReadOnlyDictionary<string, TargetSettings> Targets { get; init; }

    public ServiceSettings? Service { get; init; }
}

/// <summary>Where a source is restored to: a database or a path, one of them.</summary>
public sealed record TargetSettings
{
    public Secret? Url { get; init; }

    /// <summary>Absolute.</summary>
    public string? Path { get; init; }
}

/// <summary>Two-way sync of a local (and primary) and a remote MongoDB.</summary>
public sealed record SyncSettings
{
    public required string Source { get; init; }

    public required Secret Remote { get; init; }

    /// <summary>The field that says which side is newer.</summary>
    public required string Field { get; init; }

    public IReadOnlyList<string> Exclude { get; init; } = [];
}

/// <summary>Collections that are emptied after a good backup.</summary>
public sealed record PurgeSettings
{
    public required string Source { get; init; }

    public IReadOnlyList<string> Always { get; init; } = [];

    /// <summary>Only where the caller names them.</summary>
    public IReadOnlyList<string> Confirm { get; init; } = [];
}
