using Larder.Repository.Chunking;
using Larder.Repository.Crypto;
using Larder.Repository.Maintenance;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;
using Larder.Repository.Writing;

namespace Larder.Repository.Tests;

/// <summary>A backup and what it must give back: the hash of each file by its path.</summary>
internal sealed record StoredBackup(SnapshotId Id, IReadOnlyDictionary<string, Hash256> Files);

/// <summary>Small backups of files that exist only in memory: making them, reading them back, and holding a repository to them.</summary>
internal static class Backups
{
    public const string Password = "correct horse";

    public static RepositoryOptions Options { get; } = new() { Clock = ImpatientClock.Instance, KeyCost = ScryptCost.ForTests, Hostname = "here", Username = "tester" };

    // Chunks of 4 KiB on average: many blobs from few bytes.
    private static readonly ChunkSizes SmallChunks = ChunkSizes.Around(4096);

    public static async Task<MemoryStorage> NewStorageAsync()
    {
        var storage = new MemoryStorage();
        (await Repository.CreateAsync(storage, Password, Options, CancellationToken.None)).Dispose();
        return storage;
    }

    public static Task<Repository> OpenAsync(IStorage storage) => Repository.OpenAsync(storage, Password, Options, CancellationToken.None);

    /// <summary>Some files in two folders and the root, from a seed; files of neighbouring seeds share half of their content.</summary>
    public static Dictionary<string, byte[]> Files(int seed, int count = 8, int bytesMax = 20_000)
    {
        var random = new Random(seed);
        var files = new Dictionary<string, byte[]>();
        for (var i = 0; i < count; i++)
        {
            var path = (i % 3) switch { 0 => $"file-{i}", 1 => $"one/file-{i}", _ => $"two/deep/file-{i}" };
            var common = i % 2 == 0;
            files[path] = SeededBytes.Noise(random.Next(bytesMax), common ? i : (seed * 1000) + i);
        }
        files["empty"] = [];
        files["text"] = SeededBytes.Text(bytesMax, seed);
        return files;
    }

    public static async Task<StoredBackup> StoreAsync(
        IStorage storage, IReadOnlyDictionary<string, byte[]> files, int level = 1, CancellationToken cancellationToken = default)
    {
        using var repository = await Repository.OpenAsync(storage, Password, Options, cancellationToken);
        return await StoreAsync(repository, files, level, cancellationToken);
    }

    public static async Task<StoredBackup> StoreAsync(
        Repository repository, IReadOnlyDictionary<string, byte[]> files, int level = 1, CancellationToken cancellationToken = default)
    {
        await using var writer = await RepositoryWriter.BeginAsync(repository, cancellationToken);
        await using var intake = new ContentIntake([writer], level);
        var root = await FeedAsync(intake, repository.CreateChunker(SmallChunks), files, cancellationToken);
        await intake.CompleteAsync(cancellationToken);
        return await CommitAsync(writer, root, files, cancellationToken);
    }

    public static async Task<BlobId> FeedAsync(
        ContentIntake intake, IChunker chunker, IReadOnlyDictionary<string, byte[]> files, CancellationToken cancellationToken = default)
    {
        var pending = new SortedDictionary<string, PendingContent>(StringComparer.Ordinal);
        foreach (var (path, bytes) in files)
        {
            using var stream = new MemoryStream(bytes);
            pending[path] = await intake.StoreAsync(stream, chunker, cancellationToken);
        }
        await intake.FlushAsync(cancellationToken);
        var contents = new Dictionary<string, StoredContent>();
        foreach (var (path, content) in pending)
        {
            contents[path] = await content.Completion.WaitAsync(cancellationToken);
        }
        return await FolderAsync(intake, contents, cancellationToken);
    }

    public static async Task<StoredBackup> CommitAsync(
        RepositoryWriter writer, BlobId root, IReadOnlyDictionary<string, byte[]> files, CancellationToken cancellationToken = default)
    {
        var snapshot = new Snapshot { Time = Options.Clock.GetLocalNow(), Tree = root, Paths = ["/"], Hostname = "here", Tags = ["first"] };
        return new StoredBackup(await writer.CommitSnapshotAsync(snapshot, cancellationToken), HashesOf(files));
    }

    public static Dictionary<string, Hash256> HashesOf(IReadOnlyDictionary<string, byte[]> files) =>
        files.ToDictionary(file => file.Key, file => Hash256.Of(file.Value));

    /// <summary>Reads a backup and gives the hash of each file; throws where something cannot be read.</summary>
    public static async Task<IReadOnlyDictionary<string, Hash256>> RestoreAsync(Repository repository, SnapshotId id, CancellationToken cancellationToken = default)
    {
        var snapshot = await repository.LoadSnapshotAsync(id, cancellationToken);
        var index = await repository.LoadIndexAsync(cancellationToken);
        var blobs = new BlobReader(repository, index);
        var files = new Dictionary<string, Hash256>();
        await foreach (var (path, node) in new TreeSource(repository, index).WalkAsync(snapshot.Tree, cancellationToken))
        {
            if (node.Type == NodeType.File)
            {
                using var content = new MemoryStream();
                await foreach (var plain in blobs.ReadAsync(node.Content!, cancellationToken))
                {
                    content.Write(plain.Span);
                }
                files[string.Join('/', path.Select(name => System.Text.Encoding.UTF8.GetString(name.Bytes)))] = Hash256.Of(content.ToArray());
            }
        }
        return files;
    }

    /// <summary>The promise: the repository checks clean to the last byte, and these backups come back byte for byte.</summary>
    public static async Task AssertHoldsAsync(IStorage storage, IEnumerable<StoredBackup> backups)
    {
        using var repository = await OpenAsync(storage);
        var report = await CheckAsync(repository);
        Assert.True(report.IsClean, string.Join('\n', report.Damages.Select(damage => damage.Message)));
        foreach (var backup in backups)
        {
            AssertSame(backup.Files, await RestoreAsync(repository, backup.Id));
        }
    }

    public static void AssertSame(IReadOnlyDictionary<string, Hash256> expected, IReadOnlyDictionary<string, Hash256> actual) =>
        Assert.Equal(expected.OrderBy(file => file.Key, StringComparer.Ordinal), actual.OrderBy(file => file.Key, StringComparer.Ordinal));

    public static Task<CheckReport> CheckAsync(Repository repository) =>
        new Checker(repository, new CheckOptions { ReadsData = true }).ExecuteAsync(CancellationToken.None);

    public static async Task<List<StoredFile>> ListAsync(IStorage storage, FileKind kind)
    {
        var files = new List<StoredFile>();
        await foreach (var file in storage.ListAsync(kind, CancellationToken.None))
        {
            files.Add(file);
        }
        return files;
    }

    public static async Task<PrunePlan> PruneAsync(IStorage storage, PruneOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var repository = await Repository.OpenAsync(storage, Password, Options, cancellationToken);
        await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, cancellationToken);
        return await new Pruner(repository, heldLock, options ?? new PruneOptions()).ExecuteAsync(cancellationToken);
    }

    public static async Task ForgetAsync(IStorage storage, SnapshotId id, CancellationToken cancellationToken = default)
    {
        using var repository = await Repository.OpenAsync(storage, Password, Options, cancellationToken);
        await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, cancellationToken);
        await new SnapshotEditor(repository, heldLock).RemoveAsync(id, cancellationToken);
    }

    private static async Task<BlobId> FolderAsync(ContentIntake intake, IReadOnlyDictionary<string, StoredContent> contents, CancellationToken cancellationToken)
    {
        var nodes = new List<Node>();
        foreach (var group in contents.GroupBy(content => content.Key.Split('/')[0]))
        {
            var below = group.Where(content => content.Key.Contains('/', StringComparison.Ordinal)).ToDictionary(
                content => content.Key[(group.Key.Length + 1)..], content => content.Value);
            nodes.Add(below.Count > 0
                ? new Node { Name = new NodeName(group.Key), Type = NodeType.Directory, Mode = (1u << 31) | 0x1ED, Subtree = await FolderAsync(intake, below, cancellationToken) }
                : new Node
                {
                    Name = new NodeName(group.Key),
                    Type = NodeType.File,
                    Mode = 0x1A4,
                    SizeBytes = (ulong)group.First().Value.Bytes,
                    Content = group.First().Value.Blobs,
                });
        }
        return await intake.StoreTreeAsync(new Tree(nodes), cancellationToken);
    }
}
