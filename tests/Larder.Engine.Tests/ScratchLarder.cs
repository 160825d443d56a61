using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Repositories;
using Larder.Engine.Retention;
using Larder.Engine.Servers;
using Larder.Repository;
using Larder.Repository.Chunking;
using Larder.Repository.Crypto;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;
using Larder.Repository.Writing;
using Larder.Sources;
using Larder.Sources.Command;
using Larder.Sources.Dumps;
using Larder.Sources.Files;
using Larder.Sources.MongoDb;
using Larder.Sources.MySql;
using Larder.Sources.PostgreSql;
using Larder.Sources.Sqlite;
using Larder.Testing;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Tests;

/// <summary>A whole small larder in a temporary folder: two local repositories, a job with a database, files and a command, a catalog.
/// Every <see cref="Context"/> opens the repositories anew, as another process would.</summary>
internal sealed class ScratchLarder : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<IDisposable> opened = [];

    private ScratchLarder()
    {
    }

    public LeapingClock Clock { get; } = new(new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero));

    public KeepPolicy Keep { get; set; } = new();

    public Dictionary<string, KeepPolicy> KeepIn { get; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>Put around the storage of a repository.</summary>
    public Func<string, IStorage, IStorage> Wrap { get; set; } = (_, storage) => storage;

    public string JobName { get; set; } = "journal";

    /// <summary>Where the job writes to.</summary>
    public IReadOnlyList<string> To { get; set; } = ["local", "offsite"];

    public DrillSettings? Drill { get; set; }

    public string Database => folder["journal.db"];

    public string Catalog => folder.Combine("state", "catalog.db");

    public string Files => folder["code"];

    public RepositoryOptions Options => new() { Clock = Clock, Hostname = "host", Username = "user", KeyCost = ScryptCost.ForTests };

    public string PathOf(string repository) => folder[repository];

    public static async Task<ScratchLarder> CreateAsync()
    {
        var larder = new ScratchLarder();
        larder.Execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT)");
        larder.Execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO entries SELECT i, 'entry ' || i FROM n");
        Directory.CreateDirectory(larder.Files);
        await File.WriteAllTextAsync(Path.Combine(larder.Files, "readme.txt"), "A readme.\n");
        await File.WriteAllTextAsync(Path.Combine(larder.Files, "empty.txt"), "");
        var noise = new byte[300_000];
        new Random(1).NextBytes(noise);
        await File.WriteAllBytesAsync(Path.Combine(larder.Files, "Ünusual \"name\".bin"), noise, CancellationToken.None);
        var context = larder.Context();
        foreach (var name in context.Repositories.Names)
        {
            await context.Repositories.CreateAsync(name, CancellationToken.None);
        }
        return larder;
    }

    public EngineContext Context(bool withCatalog = true)
    {
        var configuration = Configuration();
        var set = new RepositorySet(configuration, settings => Wrap(settings.Name, new LocalStorage(((LocalLocation)settings.Location).Path)), Options);
        opened.Add(set);
        var catalog = withCatalog ? CatalogDatabase.Open(Catalog, Clock, Warnings.Add) : null;
        if (catalog is not null)
        {
            opened.Add(catalog);
        }
        return new EngineContext
        {
            Configuration = configuration,
            Repositories = set,
            Library = new BackupLibrary(configuration, set, Clock, Warnings.Add),
            Catalog = catalog,
            Dumps = DumpEngines.None with { CheckOf = CheckOf },
            SourceFor = (job, settings, _) => ValueTask.FromResult(SourceFor(job, settings)),
            Clock = Clock,
            Warn = Warnings.Add,
            CreatedBy = "user",
            Host = "host",
            LarderVersion = "0.1.0",
        };
    }

    public LarderConfiguration Configuration() => new()
    {
        Repositories = new Dictionary<string, RepositorySettings> { ["local"] = Settings("local"), ["offsite"] = Settings("offsite") },
        Jobs = new Dictionary<string, JobSettings>
        {
            [JobName] = new()
            {
                Name = JobName,
                Sources =
                [
                    new SqliteSourceSettings { Name = "db", Path = Database },
                    new FilesSourceSettings { Name = "code", Paths = [Files] },
                    new CommandSourceSettings { Name = "dump", Run = "printf 'hello, world\\n'", OutputName = "dump.txt" },
                ],
                To = To,
                Keep = Keep,
                KeepByRepository = KeepIn,
                Drill = Drill,
                TimeZone = TimeZoneInfo.Utc,
            },
        },
        StateDirectory = folder["state"],
        CatalogPath = Catalog,
    };

    /// <summary>Makes a backup, a day after the one before.</summary>
    public async Task<Backup> BackUpAsync(bool acceptEmpty = false)
    {
        Clock.Now += TimeSpan.FromDays(1);
        var request = new BackupRequest { Job = JobName, AcceptEmpty = acceptEmpty };
        return (await new BackupRun(Context(), request, new RunProgress()).ExecuteAsync(CancellationToken.None)).Backup;
    }

    public async Task<IReadOnlyList<Backup>> ListAsync(string? repository = null) => await Context().Library.ListAsync(repository, CancellationToken.None);

    public void Execute(string sql)
    {
        SystemSqlite.EnsureJoined();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Database, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Stored files of a kind in a repository, largest first.</summary>
    public IReadOnlyList<FileInfo> StoredFiles(string repository, FileKind kind) =>
    [
        .. new DirectoryInfo(Path.Combine(PathOf(repository), StorageKey.Directory(kind))).EnumerateFiles("*", SearchOption.AllDirectories)
            .OrderByDescending(file => file.Length),
    ];

    /// <summary>Changes a stored file behind the back of everybody.</summary>
    public static async Task DamageAsync(FileInfo file, Func<byte[], byte[]> change)
    {
        var bytes = change(await File.ReadAllBytesAsync(file.FullName));
        file.Delete();
        await using var stream = file.Create();
        await stream.WriteAsync(bytes);
    }

    /// <summary>
    /// Commits a backup that is sound by every checksum and yet not what its manifest says: a bug of the program that wrote it, say.
    /// </summary>
    /// <param name="repository">Where to.</param>
    /// <param name="like">The backup that it is made of.</param>
    /// <param name="manifest">Changes the manifest; it gets the trees of the sources as they are now.</param>
    /// <param name="trees">Changes the listing of a source, by its name; null keeps it.</param>
    public async Task<string> PlantAsync(
        string repository,
        Backup like,
        Func<Manifest, Manifest> manifest,
        Func<ContentIntake, string, Tree, Task<Tree?>>? trees = null)
    {
        var context = Context();
        var open = await context.Repositories.OpenAsync(repository, CancellationToken.None);
        var backup = await OpenBackup.LoadAsync(like, like.Places.First(place => place.Repository == repository), open, CancellationToken.None);
        await using var writer = await RepositoryWriter.BeginAsync(open, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);

        var changed = backup.Manifest;
        var nodes = new List<Node>();
        foreach (var source in backup.Manifest.Sources)
        {
            var id = backup.TreeOf(source.Name);
            if (trees is not null && await trees(intake, source.Name, await backup.Trees.LoadAsync(id, CancellationToken.None)) is { } other)
            {
                id = await intake.StoreTreeAsync(other, CancellationToken.None);
            }
            changed = changed with
            {
                Sources = [.. changed.Sources.Select(each => each.Name == source.Name ? each with { Tree = id.ToString() } : each)],
            };
            nodes.Add(new Node { Name = new NodeName(source.Name), Type = NodeType.Directory, Subtree = id });
        }
        var json = ManifestJson.Write(manifest(changed));
        var content = await StoreAsync(intake, json);
        nodes.Add(new Node { Name = new NodeName(ManifestJson.FileName), Type = NodeType.File, SizeBytes = (ulong)json.Length, Content = content });
        var job = await intake.StoreTreeAsync(new Tree([.. nodes.OrderBy(node => node.Name)]), CancellationToken.None);
        var root = await intake.StoreTreeAsync(
            new Tree([new Node { Name = new NodeName(JobName), Type = NodeType.Directory, Subtree = job }]), CancellationToken.None);
        await intake.CompleteAsync(CancellationToken.None);
        var snapshot = backup.Snapshot with { Tree = root, Original = null, Parent = null };
        return (await writer.CommitSnapshotAsync(snapshot, CancellationToken.None)).ToString();
    }

    public static async Task<IReadOnlyList<BlobId>> StoreAsync(ContentIntake intake, byte[] bytes)
    {
        var pending = await intake.StoreAsync(new MemoryStream(bytes), new FixedChunker(65536), CancellationToken.None);
        await intake.FlushAsync();
        return (await pending.Completion).Blobs;
    }

    public async ValueTask DisposeAsync()
    {
        opened.ForEach(each => each.Dispose());
        await folder.DisposeAsync();
    }

    private RepositorySettings Settings(string name) => new()
    {
        Name = name,
        Location = new LocalLocation(PathOf(name)),
        Password = Secret.FromText($"repositories.{name}.password", "secret"),
    };

    private static IDumpCheck? CheckOf(string engine) => engine switch
    {
        "postgresql" => new PostgreSqlCheck(),
        "mongodb" => new MongoDbCheck(),
        "mysql" => new MySqlCheck(),
        _ => null,
    };

    private ISource SourceFor(JobSettings job, SourceSettings settings) => settings switch
    {
        SqliteSourceSettings sqlite => new SqliteSource(new SqliteSettings { Path = sqlite.Path }, TimeProvider.System),
        FilesSourceSettings files => new FilesSource(new FilesSettings { Paths = files.Paths }),
        CommandSourceSettings command => new CommandSource(new CommandSettings { Run = command.Run, Name = command.OutputName }, TimeProvider.System),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), $"{job.Name} has an unknown source."),
    };
}
