using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Repositories;
using Larder.Engine.Servers;
using Larder.Sources;

namespace Larder.Engine;

/// <summary>What every run needs. Made by the executable's composition; what is in it is disposed there.</summary>
public sealed record EngineContext
{
    public required LarderConfiguration Configuration { get; init; }

    public required RepositorySet Repositories { get; init; }

    public required BackupLibrary Library { get; init; }

    /// <summary>Null where it could not be opened: the catalog is not the truth, and runs go on without history.</summary>
    public CatalogDatabase? Catalog { get; init; }

    /// <summary>
    /// Makes the source of a job, its secrets fetched; fails with <see cref="Errors.EngineError.UnsupportedSource"/> and, where a secret
    /// cannot be had, with <see cref="ConfigurationException"/>.
    /// </summary>
    public required Func<JobSettings, SourceSettings, CancellationToken, ValueTask<ISource>> SourceFor { get; init; }

    /// <summary>What reads dumps of database servers and puts them back.</summary>
    public DumpEngines Dumps { get; init; } = DumpEngines.None;

    /// <summary>
    /// The program and arguments that tidy a scratch server up after a drill that was killed; empty leaves it to the next drill.
    /// </summary>
    public IReadOnlyList<string> ScratchKeeper { get; init; } = [];

    public required TimeProvider Clock { get; init; }

    /// <summary>Told, in whole sentences, of what does not stop the work.</summary>
    public required Action<string> Warn { get; init; }

    /// <summary>Told what every run does, for alerts and log files; null where nobody watches.</summary>
    public Action<JournalNews>? Watch { get; init; }

    /// <summary>Who asked: a user of the machine, or of the API.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>What started it: <c>manual</c>, <c>schedule</c>, <c>api</c>.</summary>
    public string Trigger { get; init; } = "manual";

    /// <summary>Gives the ids of runs; null makes new ones. Whoever must know a run's id before it begins sets it.</summary>
    public Func<string>? RunIds { get; init; }

    /// <summary>Takes the document of what a run made, as <c>--json</c> prints it; null where nobody wants it.</summary>
    public Action<string>? Report { get; init; }

    public required string Host { get; init; }

    public required string LarderVersion { get; init; }

    internal string NewRunId() => RunIds?.Invoke() ?? RunId.New(Clock);

    /// <summary>The same with every job backed up into one repository alone; null leaves it as it is.</summary>
    public EngineContext BackingUpInto(string? repository) => repository is null
        ? this
        : this with
        {
            Configuration = Configuration with
            {
                Jobs = Configuration.Jobs.Values.Select(job => job with { To = [repository] }).ToDictionary(job => job.Name),
            },
        };

    public JobSettings JobOf(string name) => Configuration.Jobs.TryGetValue(name, out var job)
        ? job
        : throw new Errors.LarderException(
            Errors.EngineError.UnknownJob,
            $"The configuration has no job \"{name}\"; it has {string.Join(", ", Configuration.Jobs.Keys)}.")
        {
            Context = new Errors.ErrorContext { Job = name },
        };
}
