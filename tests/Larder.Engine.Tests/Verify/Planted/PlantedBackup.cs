using Larder.Engine.Backups;
using Larder.Repository;
using Larder.Repository.Snapshots;
using Larder.Repository.Writing;

namespace Larder.Engine.Tests.Verify.Planted;

/// <summary>
/// Writes backups through the repository's own writer, so that every checksum is right, whatever is wrong with what they hold.
/// </summary>
internal sealed record PlantedBackup
{
    public required IReadOnlyList<SampleSource> Sources { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string Job { get; init; } = "journal";

    /// <summary>Marked as made before a restore.</summary>
    public bool IsSafety { get; init; }

    public Func<Manifest, Manifest> Manifest { get; init; } = manifest => manifest;

    /// <returns>The backup's id.</returns>
    public async Task<string> WriteAsync(Repository.Repository repository)
    {
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);
        var nodes = new List<Node>();
        var recorded = new List<ManifestSource>();
        foreach (var source in Sources)
        {
            var tree = await StoreAsync(intake, source);
            var like = source.RecordedLike ?? source;
            recorded.Add(new ManifestSource
            {
                Name = source.Name,
                Engine = source.Engine,
                Consistency = "snapshot",
                DurationSeconds = 1,
                Files = like.Files.Count,
                SizeBytes = like.Files.Sum(file => (long)file.Value.Length),
                Entries = source.Entries,
                Tree = (source.RecordedLike is null ? tree : await StoreAsync(intake, like)).ToString(),
            });
            nodes.Add(new Node { Name = new NodeName(source.Name), Type = NodeType.Directory, Subtree = tree });
        }
        var json = ManifestJson.Write(Manifest(new Manifest
        {
            Job = Job,
            RunId = Guid.NewGuid().ToString("N"),
            Timestamp = BackupTime.Timestamp(CreatedAt, TimeZoneInfo.Utc),
            CreatedAt = CreatedAt,
            FinishedAt = CreatedAt.AddMinutes(1),
            TimeZone = "UTC",
            Status = BackupStatus.Success,
            Trigger = "manual",
            LarderVersion = "0.1.0",
            Host = "host",
            SizeBytes = recorded.Sum(source => source.SizeBytes),
            DurationSeconds = 60,
            Sources = recorded,
        }));
        nodes.Add(await FileAsync(intake, ManifestJson.FileName, json, json.Length));
        var job = await intake.StoreTreeAsync(new Tree([.. nodes.OrderBy(node => node.Name)]), CancellationToken.None);
        var root = await intake.StoreTreeAsync(
            new Tree([new Node { Name = new NodeName(Job), Type = NodeType.Directory, Subtree = job }]), CancellationToken.None);
        await intake.CompleteAsync(CancellationToken.None);
        var snapshot = new Snapshot
        {
            Time = CreatedAt,
            Tree = root,
            Paths = ["/" + Job],
            Tags = BackupTags.Of(Job, BackupStatus.Success, false, IsSafety ? [BackupTags.Safety] : []),
        };
        return (await writer.CommitSnapshotAsync(snapshot, CancellationToken.None)).ToString();
    }

    private static async Task<BlobId> StoreAsync(ContentIntake intake, SampleSource source) =>
        await FolderAsync(intake, source, "");

    private static async Task<BlobId> FolderAsync(ContentIntake intake, SampleSource source, string folder)
    {
        var nodes = new List<Node>();
        foreach (var path in source.Files.Keys.Where(path => path.StartsWith(folder, StringComparison.Ordinal)))
        {
            var name = path[folder.Length..];
            var slash = name.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0)
            {
                var content = source.Files[path];
                nodes.Add(await FileAsync(intake, name, content, source.ListedBytes.GetValueOrDefault(path, content.Length)));
            }
            else if (nodes.TrueForAll(node => node.Name != new NodeName(name[..slash])))
            {
                var subtree = await FolderAsync(intake, source, folder + name[..(slash + 1)]);
                nodes.Add(new Node { Name = new NodeName(name[..slash]), Type = NodeType.Directory, Subtree = subtree });
            }
        }
        return await intake.StoreTreeAsync(new Tree([.. nodes.OrderBy(node => node.Name)]), CancellationToken.None);
    }

    private static async Task<Node> FileAsync(ContentIntake intake, string name, byte[] content, long listedBytes) => new()
    {
        Name = new NodeName(name),
        Type = NodeType.File,
        SizeBytes = (ulong)listedBytes,
        Content = content.Length == 0 ? [] : await ScratchLarder.StoreAsync(intake, content),
    };
}
