using System.Text.Json.Serialization;
using System.Text.Json;
using Larder.Engine.BackingUp;
using Larder.Engine.Catalog;
using Larder.Engine.Cleanup;
using Larder.Engine.Drills;
using Larder.Engine.Sync;
using Larder.Engine.Verify;
using Larder.Engine;
using Larder.Repository.Maintenance;

namespace Larder.Daemon;

/// <summary>
/// What the queue is asked to run. All kinds but <see cref="DirectOrder"/> are kept in the catalog until they are done, so they hold no
/// secret and survive the death of the process.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(BackupOrder), "backup")]
[JsonDerivedType(typeof(CleanupOrder), "cleanup")]
[JsonDerivedType(typeof(VerifyOrder), "verify")]
[JsonDerivedType(typeof(DrillOrder), "drill")]
[JsonDerivedType(typeof(SyncOrder), "sync")]
internal abstract record RunOrder
{
    private static readonly JsonSerializerOptions Form = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    [JsonIgnore]
    public abstract RunKind Kind { get; }

    /// <summary>The one job that it concerns, of which nothing else may run at the same time; null where there is none.</summary>
    [JsonIgnore]
    public abstract string? JobName { get; }

    /// <summary>Whether it is itself what sees to restores that were interrupted; all others have that done before them.</summary>
    [JsonIgnore]
    public virtual bool SeesToRestores => false;

    /// <summary>Does it, as the first run that <paramref name="context"/> gives an id to. Failures are thrown.</summary>
    public abstract Task ExecuteAsync(EngineContext context, RunProgress progress, CancellationToken cancellationToken);

    public string ToJson() => JsonSerializer.Serialize(this, Form);

    /// <summary>Null where a newer Larder wrote it.</summary>
    public static RunOrder? OfJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<RunOrder>(json, Form);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}

/// <param name="Request">What is backed up.</param>
/// <param name="ThenCleanup">Whether retention is applied to the job after a backup that stands.</param>
/// <param name="Repository">Into this one alone; null for those of the job.</param>
internal sealed record BackupOrder(BackupRequest Request, bool ThenCleanup = false, string? Repository = null) : RunOrder
{
    [JsonIgnore]
    public override RunKind Kind => RunKind.Backup;

    [JsonIgnore]
    public override string? JobName => Request.Job;

    public override async Task ExecuteAsync(EngineContext context, RunProgress progress, CancellationToken cancellationToken)
    {
        var result = await new BackupRun(context.BackingUpInto(Repository), Request, progress).ExecuteAsync(cancellationToken);
        context.Report?.Invoke(result.ToJson());
    }
}

/// <param name="Job">Null for all jobs.</param>
/// <param name="Repository">Null for all.</param>
internal sealed record CleanupOrder(string? Job, string? Repository = null) : RunOrder
{
    [JsonIgnore]
    public override RunKind Kind => RunKind.Cleanup;

    [JsonIgnore]
    public override string? JobName => Job;

    public override async Task ExecuteAsync(EngineContext context, RunProgress progress, CancellationToken cancellationToken)
    {
        var plan = (await CleanupPlan.ComputeAsync(context, Job, cancellationToken)).OnlyIn(Repository);
        context.Report?.Invoke((await new CleanupRun(context, plan, progress).ExecuteAsync(cancellationToken)).ToJson());
    }
}

/// <param name="Jobs">Names of jobs; empty together with <paramref name="Backups"/> for whole repositories.</param>
/// <param name="Backups">Names of backups; not together with <paramref name="Jobs"/>.</param>
/// <param name="Level"><c>structure</c>, <c>data</c> or <c>content</c>.</param>
/// <param name="Subset">A share such as <c>1/7</c>; null for everything.</param>
/// <param name="Repository">Null for all.</param>
internal sealed record VerifyOrder(
    IReadOnlyList<string> Jobs, IReadOnlyList<string> Backups, string Level, string? Subset = null, string? Repository = null) : RunOrder
{
    [JsonIgnore]
    public override RunKind Kind => RunKind.Verify;

    [JsonIgnore]
    public override string? JobName => Jobs is [var only] ? only : null;

    public override async Task ExecuteAsync(EngineContext context, RunProgress progress, CancellationToken cancellationToken)
    {
        var request = new VerifyRequest
        {
            Jobs = Jobs,
            Backups = Backups,
            Repository = Repository,
            Level = Enum.Parse<VerifyLevel>(Level, ignoreCase: true),
            Subset = Level != "structure" && CheckSubset.TryParse(Subset ?? "", out var share) ? share : CheckSubset.Whole,
        };
        context.Report?.Invoke((await new VerifyRun(context, request, progress).ExecuteAsync(cancellationToken)).ToJson());
    }
}

/// <param name="Name">A job, whose latest backup is drilled, or a backup.</param>
/// <param name="Only">Names of sources; empty for all.</param>
/// <param name="Repository">Null for the first that can be opened.</param>
internal sealed record DrillOrder(string Name, IReadOnlyList<string> Only, string? Repository = null) : RunOrder
{
    /// <summary>The job whose backup it is, where whoever asks knows it.</summary>
    public string? Job { get; init; }

    [JsonIgnore]
    public override RunKind Kind => RunKind.Drill;

    [JsonIgnore]
    public override string? JobName => Job;

    public override async Task ExecuteAsync(EngineContext context, RunProgress progress, CancellationToken cancellationToken)
    {
        var request = new DrillRequest { Name = Name, Only = Only, Repository = Repository };
        context.Report?.Invoke((await new DrillRun(context, request, progress).ExecuteAsync(cancellationToken)).ToJson());
    }
}

/// <param name="Job">Which has a local and a remote side.</param>
internal sealed record SyncOrder(string Job) : RunOrder
{
    [JsonIgnore]
    public override RunKind Kind => RunKind.Sync;

    [JsonIgnore]
    public override string? JobName => Job;

    public override async Task ExecuteAsync(EngineContext context, RunProgress progress, CancellationToken cancellationToken) =>
        context.Report?.Invoke((await new SyncRun(context, Job, progress).ExecuteAsync(cancellationToken)).ToJson());
}

/// <summary>
/// Anything else, such as a restore that somebody confirmed: kept in memory alone. What waits when the process ends is not begun by the
/// next one, because nobody watches it then.
/// </summary>
internal sealed record DirectOrder : RunOrder
{
    public required RunKind What { get; init; }

    public string? Job { get; init; }

    public bool IsRecovery { get; init; }

    [JsonIgnore]
    public override bool SeesToRestores => IsRecovery;

    /// <summary>The work: a run of the engine that takes its id from the context.</summary>
    public required Func<EngineContext, RunProgress, CancellationToken, Task> Work { get; init; }

    [JsonIgnore]
    public override RunKind Kind => What;

    [JsonIgnore]
    public override string? JobName => Job;

    public override Task ExecuteAsync(EngineContext context, RunProgress progress, CancellationToken cancellationToken) =>
        Work(context, progress, cancellationToken);
}

/// <summary>Who asks, and why.</summary>
/// <param name="Trigger"><c>api</c>, <c>manual</c> or <c>schedule</c>.</param>
/// <param name="CreatedBy">A user.</param>
/// <param name="Why">In one sentence, for the run's events; null where the order says it all.</param>
internal sealed record RunOrigin(string Trigger, string CreatedBy, string? Why = null)
{
    public const string Schedule = "schedule";
}
