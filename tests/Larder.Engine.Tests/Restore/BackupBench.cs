using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Configuration;
using Larder.Engine.Repositories;
using Larder.Engine.Restore;
using Larder.Repository;
using Larder.Repository.Crypto;
using Larder.Repository.Storage;
using Larder.Sources;
using Larder.Sources.Command;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;
using Larder.Testing;

namespace Larder.Engine.Tests.Restore;

/// <summary>A job with a real repository in a temporary folder, and real sources made by the test.</summary>
internal sealed class BackupBench : IAsyncDisposable
{
    public const string Password = "correct horse";

    private readonly Dictionary<string, SourceSettings> sources = [];
    private EngineContext? context;

    public TemporaryFolder Folder { get; } = new();

    public string RepositoryPath => Folder["repository"];

    public List<string> Warnings { get; } = [];

    /// <summary>What is done to the job before each command.</summary>
    public Func<JobSettings, JobSettings> Configure { get; set; } = job => job;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Wraps the storage, to make it fail.</summary>
    public Func<IStorage, IStorage> Wrap { get; init; } = storage => storage;

    public EngineContext Context => context ??= MakeContext();

    public void AddFiles(string name, params string[] paths) => sources[name] = new FilesSourceSettings { Name = name, Paths = paths };

    public void AddDatabase(string name, string path) => sources[name] = new SqliteSourceSettings { Name = name, Path = path };

    public void AddCommand(string name, string run) => sources[name] = new CommandSourceSettings { Name = name, Run = run, OutputName = "out.txt" };

    /// <summary>Makes a database by the sqlite3 program.</summary>
    public async Task MakeDatabaseAsync(string path, string sql)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        (await Sqlite(path, sql)).Expect();
    }

    public static Task<ChildResult> Sqlite(string path, string sql) =>
        ChildProcess.RunAsync(new ChildCommand("sqlite3", "-batch", path, sql), TestContext.Current.CancellationToken);

    public static async Task ShellAsync(string script) =>
        (await ChildProcess.RunAsync(new ChildCommand("/bin/sh", "-ec", script), TestContext.Current.CancellationToken)).Expect();

    public async Task<Backup> BackUpAsync()
    {
        await Context.Repositories.CreateAsync("local", Token);
        var result = await new BackupRun(Context, new BackupRequest { Job = "journal" }, new RunProgress()).ExecuteAsync(Token);
        return result.Backup;
    }

    /// <summary>As a second process would see it: nothing of the first one is in memory.</summary>
    public void Forget()
    {
        context?.Repositories.Dispose();
        context = null;
    }

    public Task<RestorePlan> PlanAsync(string? target = null, string? entry = null, string backup = "latest", params string[] only) =>
        RestorePlan.ComputeAsync(
            Context,
            new RestoreRequest { Backup = backup, Only = only, Entry = entry, Target = target, IsConfirmed = true },
            Token);

    public async Task<RestoreResult> RestoreAsync(string? target = null, string? entry = null, string backup = "latest", params string[] only) =>
        await RestoreRun.ExecuteAsync(await PlanAsync(target, entry, backup, only), new RunProgress(), Token);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        context?.Repositories.Dispose();
        await Folder.DisposeAsync();
    }

    private EngineContext MakeContext()
    {
        var job = Configure(new JobSettings { Name = "journal", Sources = [.. sources.Values], To = ["local"], TimeZone = TimeZoneInfo.Utc });
        var configuration = new LarderConfiguration
        {
            Repositories = new Dictionary<string, RepositorySettings>
            {
                ["local"] = new() { Name = "local", Location = new LocalLocation(RepositoryPath), Password = Secret.FromText("password", Password) },
            },
            Jobs = new Dictionary<string, JobSettings> { ["journal"] = job },
            StateDirectory = Folder["state"],
            CatalogPath = Folder["state/catalog.db"],
        };
        var repositories = new RepositorySet(
            configuration,
            settings => Wrapped(((LocalLocation)settings.Location).Path),
            new RepositoryOptions { KeyCost = ScryptCost.ForTests });
        return new EngineContext
        {
            Configuration = configuration,
            Repositories = repositories,
            Library = new BackupLibrary(configuration, repositories, Clock, Warnings.Add),
            SourceFor = (_, settings, _) => ValueTask.FromResult(SourceOf(settings)),
            Clock = Clock,
            Warn = Warnings.Add,
            CreatedBy = "anna",
            Host = "pi",
            LarderVersion = "0.1.0",
        };
    }

    private IStorage Wrapped(string path)
    {
        var local = new LocalStorage(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return Directory.Exists(path) ? Wrap(local) : local;
    }

    private ISource SourceOf(SourceSettings settings) => settings switch
    {
        SqliteSourceSettings sqlite => new SqliteSource(new SqliteSettings { Path = sqlite.Path }, Clock),
        FilesSourceSettings files => new FilesSource(new FilesSettings { Paths = files.Paths }),
        CommandSourceSettings command => new CommandSource(new CommandSettings { Run = command.Run, Name = command.OutputName }, Clock),
        _ => throw new InvalidOperationException("The bench knows no such source."),
    };
}
