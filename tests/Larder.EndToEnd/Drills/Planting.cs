using Larder.Engine.Backups;
using Larder.Repository;
using Larder.Repository.Chunking;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;
using Larder.Repository.Writing;

namespace Larder.EndToEnd.Drills;

/// <summary>
/// Commits backups that are sound by every checksum and yet not what their manifests say, through the library: a bug of the program that
/// wrote them, say.
/// </summary>
internal static class Planting
{
    /// <summary>The newest backup of the repository once more, with another manifest.</summary>
    /// <param name="file">A file inside the source `db` whose content is changed too; null for none.</param>
    /// <param name="changeFile">From its content to another.</param>
    /// <returns>The id of the new backup.</returns>
    public static async Task<string> PlantAsync(
        string repositoryFolder,
        string password,
        Func<Manifest, Manifest> change,
        Func<Manifest, string>? file = null,
        Func<byte[], byte[]>? changeFile = null)
    {
        using var repository = await Repository.Repository.OpenAsync(
            new LocalStorage(repositoryFolder), password, new RepositoryOptions(), CancellationToken.None);
        var newest = default(StoredSnapshot?);
        await foreach (var snapshot in repository.ListSnapshotsAsync(System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw, CancellationToken.None))
        {
            newest = !snapshot.Snapshot.Tags.Contains("planted") && !(newest?.Snapshot.Time > snapshot.Snapshot.Time) ? snapshot : newest;
        }
        var index = await repository.ReadIndexAsync(System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw, CancellationToken.None);
        var trees = new TreeSource(repository, index);
        var job = (await trees.LoadAsync(newest!.Snapshot.Tree, CancellationToken.None)).Nodes.Single();
        var folder = await trees.LoadAsync(job.Subtree!.Value, CancellationToken.None);
        var blobs = new BlobReader(repository, index);
        var manifest = change(ManifestJson.Read(await ReadAsync(blobs, folder.Nodes.Single(IsManifest))));
        var json = ManifestJson.Write(manifest);

        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 1);
        var content = await StoreAsync(intake, json);
        var nodes = new List<Node>();
        foreach (var node in folder.Nodes)
        {
            nodes.Add(IsManifest(node) ? node with { SizeBytes = (ulong)json.Length, Content = content }
                : file is null ? node
                : node with { Subtree = await RewriteAsync(intake, trees, blobs, node.Subtree!.Value, file(manifest).Split('/'), changeFile!) });
        }
        var changed = await intake.StoreTreeAsync(new Tree(nodes), CancellationToken.None);
        var root = await intake.StoreTreeAsync(new Tree([job with { Subtree = changed }]), CancellationToken.None);
        await intake.CompleteAsync(CancellationToken.None);
        var planted = newest.Snapshot with { Tree = root, Original = null, Parent = null, Tags = [.. newest.Snapshot.Tags.Where(tag => !tag.StartsWith("drill:", StringComparison.Ordinal)), "planted"] };
        return (await writer.CommitSnapshotAsync(planted, CancellationToken.None)).ToString();
    }

    private static async Task<BlobId> RewriteAsync(
        ContentIntake intake, TreeSource trees, BlobReader blobs, BlobId tree, string[] path, Func<byte[], byte[]> change)
    {
        var nodes = new List<Node>();
        foreach (var node in (await trees.LoadAsync(tree, CancellationToken.None)).Nodes)
        {
            if (node.Name != new NodeName(path[0]))
            {
                nodes.Add(node);
            }
            else if (path.Length > 1)
            {
                nodes.Add(node with { Subtree = await RewriteAsync(intake, trees, blobs, node.Subtree!.Value, path[1..], change) });
            }
            else
            {
                var bytes = change(await ReadAsync(blobs, node));
                nodes.Add(node with { SizeBytes = (ulong)bytes.Length, Content = await StoreAsync(intake, bytes) });
            }
        }
        return await intake.StoreTreeAsync(new Tree(nodes), CancellationToken.None);
    }

    private static async Task<byte[]> ReadAsync(BlobReader blobs, Node node)
    {
        var bytes = new MemoryStream();
        foreach (var id in node.Content!)
        {
            bytes.Write(await blobs.ReadOneAsync(BlobKind.Data, id, CancellationToken.None));
        }
        return bytes.ToArray();
    }

    private static async Task<IReadOnlyList<BlobId>> StoreAsync(ContentIntake intake, byte[] bytes)
    {
        var pending = await intake.StoreAsync(new MemoryStream(bytes), new FixedChunker(65536), CancellationToken.None);
        await intake.FlushAsync();
        return (await pending.Completion).Blobs;
    }

    /// <summary>Another fingerprint for one entry: as if one of its rows had been another when the backup was made.</summary>
    public static Manifest WithOtherContent(this Manifest manifest, string entry) => manifest.Change(entry, recorded =>
    {
        var last = recorded.Fingerprint![^1];
        return recorded with { Fingerprint = recorded.Fingerprint[..^1] + (last == '0' ? '1' : '0') };
    });

    /// <summary>One row more for one entry: as if one had been lost on its way into the backup.</summary>
    public static Manifest WithRowLost(this Manifest manifest, string entry) => manifest.Change(entry, recorded =>
        recorded with { Rows = recorded.Rows + 1, Fingerprint = $"{recorded.Rows + 1}{recorded.Fingerprint![recorded.Fingerprint!.IndexOf(':', StringComparison.Ordinal)..]}" });

    private static Manifest Change(this Manifest manifest, string entry, Func<ManifestEntry, ManifestEntry> change) => manifest with
    {
        Sources = [.. manifest.Sources.Select(source => source with
        {
            Entries = [.. source.Entries.Select(recorded => recorded.Name.EndsWith(entry, StringComparison.Ordinal) && recorded.Rows is not null ? change(recorded) : recorded)],
        })],
    };

    private static bool IsManifest(Node node) => node.Name == new NodeName(ManifestJson.FileName);
}
