using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Repositories;
using Larder.Repository;
using Larder.Repository.Crypto;
using Larder.Repository.Storage;
using Larder.Sources;
using Larder.Sources.Command;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;
using Larder.Testing;

namespace Larder.Engine.Tests;

/// <summary>A folder with a configuration, its repositories and its catalog: the engine as the executable composes it, on real storage and real sources.</summary>
internal sealed class Workplace : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly CatalogDatabase catalog;
    private readonly RepositorySet repositories;

    /// <param name="yaml">The configuration; FOLDER stands for the workplace's own folder.</param>
    /// <param name="storageFor">Null keeps repositories in local folders.</param>
    public Workplace(string yaml, Func<RepositorySettings, IStorage>? storageFor = null)
    {
        var file = folder["larder.yaml"];
        File.WriteAllText(file, yaml.Replace("FOLDER", folder.FullPath, StringComparison.Ordinal) + $"\nstate_directory: {folder.FullPath}/state\n");
        var configuration = ConfigurationLoader.Load(file, ConfigurationEnvironment.OfProcess()).Require();
        Directory.CreateDirectory(folder["state"]);
        catalog = CatalogDatabase.Open(folder["state/catalog.db"], TimeProvider.System, Warnings.Add);
        var options = new RepositoryOptions { KeyCost = ScryptCost.ForTests };
        repositories = new RepositorySet(
            configuration, storageFor ?? (settings => new LocalStorage(((LocalLocation)settings.Location).Path)), options);
        Context = new EngineContext
        {
            Configuration = configuration,
            Repositories = repositories,
            Library = new BackupLibrary(configuration, repositories, TimeProvider.System, Warnings.Add),
            Catalog = catalog,
            SourceFor = (job, settings, _) => ValueTask.FromResult(SourceFor(job, settings)),
            Clock = TimeProvider.System,
            Warn = Warnings.Add,
            CreatedBy = "tester",
            Host = "testhost",
            LarderVersion = "0.1.0",
        };
    }

    public EngineContext Context { get; }

    public List<string> Warnings { get; } = [];

    public string this[string name] => folder[name];

    public async Task InitAsync()
    {
        foreach (var name in repositories.Names)
        {
            await repositories.CreateAsync(name, CancellationToken.None);
        }
    }

    public ResticRepository Restic(string repository = "local") =>
        ResticBinary.All[0].At(((LocalLocation)Context.Configuration.Repositories[repository].Location).Path, "secret");

    public async ValueTask DisposeAsync()
    {
        repositories.Dispose();
        catalog.Dispose();
        await folder.DisposeAsync();
    }

    private static ISource SourceFor(JobSettings job, SourceSettings settings) => settings switch
    {
        SqliteSourceSettings sqlite => new SqliteSource(new SqliteSettings { Path = sqlite.Path }, TimeProvider.System),
        FilesSourceSettings files => new FilesSource(new FilesSettings { Paths = files.Paths, Exclude = files.Exclude }),
        CommandSourceSettings command => new CommandSource(new CommandSettings { Run = command.Run, Name = command.OutputName }, TimeProvider.System),
        _ => throw new NotSupportedException(settings.Engine),
    };
}
