using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Repository.Index;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;

namespace Larder.Engine.Backups;

/// <summary>A backup in one repository, ready to be read: its manifest and the tree of each source.</summary>
public sealed class OpenBackup
{
    private readonly Tree content;

    private OpenBackup(
        Backup backup,
        BackupPlace place,
        Repository.Repository repository,
        MasterIndex index,
        Snapshot snapshot,
        Manifest manifest,
        Tree content)
    {
        Backup = backup;
        Place = place;
        Repository = repository;
        Index = index;
        Snapshot = snapshot;
        Manifest = manifest;
        this.content = content;
        Trees = new TreeSource(repository, index);
        Blobs = new BlobReader(repository, index);
    }

    public Backup Backup { get; }

    public BackupPlace Place { get; }

    public Repository.Repository Repository { get; }

    public MasterIndex Index { get; }

    public Snapshot Snapshot { get; }

    public Manifest Manifest { get; }

    public TreeSource Trees { get; }

    public BlobReader Blobs { get; }

    public static async Task<OpenBackup> LoadAsync(
        Backup backup, BackupPlace place, Repository.Repository repository, CancellationToken cancellationToken)
    {
        var index = await repository.LoadIndexAsync(cancellationToken);
        var snapshot = await repository.LoadSnapshotAsync(place.SnapshotId, cancellationToken);
        var (manifest, content) = await ReadManifestAsync(repository, new TreeSource(repository, index), snapshot, cancellationToken);
        return new OpenBackup(backup, place, repository, index, snapshot, manifest, content);
    }

    /// <summary>The listing of a source: what its engine dumped, in its engine's own layout.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownSource"/>.</exception>
    public BlobId TreeOf(string source) => content.Nodes.FirstOrDefault(node => node.Name == new NodeName(source))?.Subtree
        ?? throw new LarderException(
            EngineError.UnknownSource,
            $"Backup {Backup.ShortId} has no source \"{source}\"; it has {string.Join(", ", Manifest.Sources.Select(each => each.Name))}.");

    public ManifestSource SourceOf(string source) => Manifest.Sources.FirstOrDefault(each => each.Name == source)
        ?? throw new LarderException(
            EngineError.UnknownSource,
            $"Backup {Backup.ShortId} has no source \"{source}\"; it has {string.Join(", ", Manifest.Sources.Select(each => each.Name))}.");

    /// <summary>Reads <c>/JOB/manifest.json</c>.</summary>
    /// <returns>The manifest, and the listing of <c>/JOB</c>.</returns>
    internal static async Task<(Manifest Manifest, Tree Content)> ReadManifestAsync(
        Repository.Repository repository, TreeSource trees, Snapshot snapshot, CancellationToken cancellationToken)
    {
        var root = await trees.LoadAsync(snapshot.Tree, cancellationToken);
        var job = root.Nodes.FirstOrDefault(node => node.Subtree is not null)?.Subtree
            ?? throw new LarderException(EngineError.ManifestInvalid, "The backup has no folder of a job.");
        var folder = await trees.LoadAsync(job, cancellationToken);
        var file = folder.Nodes.FirstOrDefault(node => node.Name == new NodeName(ManifestJson.FileName))?.Content
            ?? throw new LarderException(EngineError.ManifestInvalid, $"The backup has no {ManifestJson.FileName}.");

        var json = new MemoryStream();
        var blobs = new BlobReader(repository, await repository.LoadIndexAsync(cancellationToken));
        foreach (var id in file)
        {
            json.Write(await blobs.ReadOneAsync(BlobKind.Data, id, cancellationToken));
        }
        return (ManifestJson.Read(json.ToArray()), folder);
    }
}
