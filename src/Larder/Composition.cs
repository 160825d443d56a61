using Larder.Cli;
using Larder.Cli.Commands;
using Larder.Engine;
using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Repositories;
using Larder.Engine.Servers;
using Larder.Repository;
using Larder.Repository.Storage;
using Larder.Sources;
using Larder.Sources.Command;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;

namespace Larder;

/// <summary>Joins the parts: the only place that knows which class implements what. Disposing it closes repositories and catalog.</summary>
internal sealed class Composition : IDisposable
{
    private readonly LarderConfiguration configuration;
    private readonly TimeProvider clock;
    private readonly Action<string> warn;
    private readonly RepositorySet repositories;
    private readonly ServerComposition servers;
    private readonly List<IDisposable> storages = [];
    private readonly AlertComposition alerts;
    private CatalogDatabase? catalog;
    private bool catalogTried;

    /// <param name="configuration">Checked already.</param>
    /// <param name="lockWait">How long to wait for somebody else's lock on a repository.</param>
    /// <param name="clock">The time of day, and all waiting.</param>
    /// <param name="warn">Told, in whole sentences, of what does not stop the work.</param>
    /// <param name="journal">Where lines for systemd's journal go; null where it does not listen.</param>
    public Composition(
        LarderConfiguration configuration, TimeSpan lockWait, TimeProvider clock, Action<string> warn, TextWriter? journal = null)
    {
        (this.configuration, this.clock, this.warn) = (configuration, clock, warn);
        alerts = new AlertComposition(configuration, OpenCatalog, clock, warn, journal);
        servers = new ServerComposition(configuration.Variables, clock);
        repositories = new RepositorySet(
            configuration,
            StorageFor,
            new RepositoryOptions { Clock = clock, LockWait = lockWait },
            storage => new RetryingStorage(storage, new RetryPolicy(), clock, seed: Environment.ProcessId));
        Context = new EngineContext
        {
            Configuration = configuration,
            Repositories = repositories,
            Library = new BackupLibrary(configuration, repositories, clock, warn),
            SourceFor = SourceFor,
            Dumps = new DumpEngines
            {
                CheckOf = ServerComposition.CheckOf,
                ScriptOf = servers.ScriptOf,
                RestoreInto = servers.RestoreIntoAsync,
            },
            ScratchKeeper = Environment.ProcessPath is { } program && Path.GetFileName(program) == CommandTree.Program
                ? [program, KeepScratchCommand.Name]
                : [], // Run by something else, such as a test.
            Clock = clock,
            Warn = warn,
            Watch = alerts.Watch,
            CreatedBy = Environment.UserName,
            Host = Environment.MachineName,
            LarderVersion = Version,
        };
    }

    public static string Version { get; } = typeof(Composition).Assembly.GetName().Version!.ToString(3);

    /// <summary>For what only reads: the catalog is not opened.</summary>
    public EngineContext Context { get; }

    /// <summary>For what is a run: the catalog is opened, or a warning says why it is not.</summary>
    public EngineContext ContextWithCatalog() => Context with { Catalog = OpenCatalog() };

    /// <summary>Who is told what, and the log files.</summary>
    public AlertComposition Alerts => alerts;

    /// <summary>The catalog, or null where it cannot be opened; a warning then says why.</summary>
    public CatalogDatabase? OpenCatalog()
    {
        if (!catalogTried)
        {
            catalogTried = true;
            catalog = RunJournal.OpenOrWarn(configuration.CatalogPath, clock, warn);
            CloseInterruptedRuns();
        }
        return catalog;
    }

    /// <summary>A run whose process is gone failed, whatever it stands as: nobody else would ever say so.</summary>
    private void CloseInterruptedRuns()
    {
        try
        {
            foreach (var run in catalog?.CloseInterrupted() ?? [])
            {
                alerts.WatchInterrupted(run);
                var what = run.Job is null ? $"{run.Kind}" : $"{run.Kind} of job \"{run.Job}\"";
                warn(
                    $"A run was interrupted and counts as failed: {what.ToLowerInvariant()}, begun "
                    + $"{run.StartedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}.");
            }
        }
        catch (LarderException e)
        {
            warn(e.Message);
        }
    }

    public void Dispose()
    {
        alerts.Dispose();
        repositories.Dispose();
        storages.ForEach(storage => storage.Dispose());
        catalog?.Dispose();
    }

    private IStorage StorageFor(RepositorySettings settings)
    {
        if (settings.Location is not LocalLocation local)
        {
            throw new LarderException(
                EngineError.UnsupportedStorage,
                $"Repository \"{settings.Name}\" is of kind \"{settings.Location.Kind}\", which this version of Larder does not write to.")
            {
                Context = new ErrorContext { Repository = settings.Name },
            };
        }
        var storage = new LocalStorage(local.Path);
        storages.Add(storage);
        return storage;
    }

    private async ValueTask<ISource> SourceFor(JobSettings job, SourceSettings settings, CancellationToken cancellationToken) =>
        settings switch
        {
            SqliteSourceSettings sqlite => new SqliteSource(new SqliteSettings { Path = sqlite.Path }, clock),
            FilesSourceSettings files =>
                new FilesSource(new FilesSettings { Paths = files.Paths, Exclude = files.Exclude, ExcludePaths = OwnFolders() }),
            CommandSourceSettings command => new CommandSource(
                new CommandSettings { Run = command.Run, Name = command.OutputName, Timeout = command.Timeout ?? job.Timeout }, clock),
            _ => await servers.SourceAsync(job, settings, cancellationToken) ?? throw new LarderException(
                EngineError.UnsupportedSource,
                $"Source \"{settings.Name}\" of job \"{job.Name}\" is of kind \"{settings.Engine}\", which this version of Larder does not "
                + "read.")
            {
                Context = new ErrorContext { Job = job.Name, Source = settings.Name },
            },
        };

    // A backup of a folder that holds the repository would grow with every run, and never be the same twice.
    private IReadOnlyList<string> OwnFolders() =>
        [
            .. configuration.Repositories.Values
                .Select(repository => repository.Location)
                .OfType<LocalLocation>()
                .Select(local => local.Path),
        ];
}
