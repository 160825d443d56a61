using Larder.Engine.Backups;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Repository.Index;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;

namespace Larder.Engine.Browse;

/// <summary>
/// A backup in one repository, ready to be listed, exported and restored; or a snapshot that another program wrote, which is then one
/// source of engine <see cref="ForeignEngine"/>. Nothing is owned: the repository is the <see cref="EngineContext"/>'s.
/// </summary>
public sealed class ReadableBackup
{
    /// <summary>The engine of what Larder did not write: a plain file tree.</summary>
    public const string ForeignEngine = "restic";

    /// <summary>What the one source of a foreign snapshot is called.</summary>
    public const string ForeignSource = "snapshot";

    private ReadableBackup(BackupPlace place, Repository.Repository repository, MasterIndex index, Snapshot snapshot)
    {
        Place = place;
        Repository = repository;
        Snapshot = snapshot;
        Trees = new TreeSource(repository, index);
        Blobs = new BlobReader(repository, index);
    }

    /// <summary>Null for a foreign snapshot.</summary>
    public Backup? Backup { get; private init; }

    /// <summary>Null for a foreign snapshot.</summary>
    public Manifest? Manifest { get; private init; }

    public BackupPlace Place { get; }

    public Repository.Repository Repository { get; }

    public Snapshot Snapshot { get; }

    public TreeSource Trees { get; }

    public BlobReader Blobs { get; }

    public string BackupId => Backup?.BackupId ?? Place.SnapshotId.ToString();

    public string ShortId => BackupId[..8];

    /// <summary>In the order of the manifest. Never empty.</summary>
    public required IReadOnlyList<ReadableSource> Sources { get; init; }

    /// <summary>What `larder ls BACKUP` shows: the folders of the sources and <c>manifest.json</c>.</summary>
    public required IReadOnlyList<Node> Root { get; init; }

    /// <summary>
    /// Opens what a user names: a backup, or by the beginning of its id a snapshot of another program. Fails with
    /// <see cref="LarderException"/> as <see cref="BackupLibrary.ResolveAsync"/> does.
    /// </summary>
    /// <param name="repository">Look into this repository alone; null for all.</param>
    public static async Task<ReadableBackup> OpenAsync(
        EngineContext context, string name, string? repository, CancellationToken cancellationToken)
    {
        Backup backup;
        try
        {
            backup = await context.Library.ResolveAsync(name, repository, cancellationToken);
        }
        catch (LarderException e) when (
            e.Error == EngineError.UnknownBackup && BackupName.Parse(name) is { Kind: BackupNameKind.Id, Job: null } id)
        {
            if (await FindForeignAsync(context, id.Value, repository, cancellationToken) is { } place)
            {
                return await LoadAsync(
                    null, place, await context.Repositories.OpenAsync(place.Repository, cancellationToken), cancellationToken);
            }
            throw;
        }
        return await OpenAnyCopyAsync(context, backup, cancellationToken);
    }

    /// <summary>Fails with <see cref="EngineError.UnknownSource"/>.</summary>
    public ReadableSource SourceOf(string name) => Sources.FirstOrDefault(source => source.Name == name)
        ?? throw new LarderException(
            EngineError.UnknownSource,
            $"Backup {ShortId} has no source \"{name}\"; it has {string.Join(", ", Sources.Select(source => source.Name))}.")
        {
            Context = ErrorContext,
        };

    /// <summary>What errors about it are about.</summary>
    public ErrorContext ErrorContext => new() { Backup = ShortId, Repository = Place.Repository, Job = Backup?.Job };

    /// <summary>
    /// The same backup with the index as it is now. Call it once a lock is held: a prune may have moved blobs since the index was read.
    /// </summary>
    internal Task<ReadableBackup> ReopenAsync(CancellationToken cancellationToken)
    {
        Repository.DropIndex();
        return LoadAsync(Backup, Place, Repository, cancellationToken);
    }

    private static async Task<ReadableBackup> OpenAnyCopyAsync(EngineContext context, Backup backup, CancellationToken cancellationToken)
    {
        RepositoryException? failure = null;
        foreach (var place in backup.Places)
        {
            try
            {
                var repository = await context.Repositories.OpenAsync(place.Repository, cancellationToken);
                return await LoadAsync(backup, place, repository, cancellationToken);
            }
            catch (RepositoryException e)
            {
                failure ??= e;
                context.Warn($"Backup {backup.ShortId} could not be opened in repository \"{place.Repository}\": {e.Message}");
            }
        }
        throw failure!;
    }

    private static async Task<BackupPlace?> FindForeignAsync(
        EngineContext context, string idPrefix, string? repository, CancellationToken cancellationToken)
    {
        var found = new List<BackupPlace>();
        foreach (var name in repository is null ? context.Repositories.Names.ToList() : [repository])
        {
            var open = await context.Repositories.OpenAsync(name, cancellationToken);
            await foreach (var file in open.Storage.ListAsync(FileKind.Snapshot, cancellationToken))
            {
                if (file.Key.Name.ToString().StartsWith(idPrefix, StringComparison.Ordinal))
                {
                    found.Add(new BackupPlace(name, new SnapshotId(file.Key.Name)));
                }
            }
        }
        return found.DistinctBy(place => place.SnapshotId).Count() <= 1
            ? found.FirstOrDefault()
            : throw new LarderException(EngineError.AmbiguousBackupName, $"\"{idPrefix}\" fits {found.Count} snapshots of other programs.");
    }

    private static async Task<ReadableBackup> LoadAsync(
        Backup? backup, BackupPlace place, Repository.Repository repository, CancellationToken cancellationToken)
    {
        var index = await repository.LoadIndexAsync(cancellationToken);
        var snapshot = await repository.LoadSnapshotAsync(place.SnapshotId, cancellationToken);
        var trees = new TreeSource(repository, index);
        if (backup is null)
        {
            return new ReadableBackup(place, repository, index, snapshot)
            {
                Sources = [new ReadableSource(ForeignSource, ForeignEngine, snapshot.Tree, null)],
                Root = (await trees.LoadAsync(snapshot.Tree, cancellationToken)).Nodes,
            };
        }
        var (manifest, folder) = await OpenBackup.ReadManifestAsync(repository, trees, snapshot, cancellationToken);
        return new ReadableBackup(place, repository, index, snapshot)
        {
            Backup = backup,
            Manifest = manifest,
            Root = folder.Nodes,
            Sources =
                [.. manifest.Sources.Select(source => new ReadableSource(source.Name, source.Engine, TreeOf(source, folder), source))],
        };
    }

    private static BlobId TreeOf(ManifestSource source, Tree folder) =>
        folder.Nodes.FirstOrDefault(node => node.Name == new NodeName(source.Name))?.Subtree
            ?? throw new LarderException(
                EngineError.ManifestInvalid, $"The manifest names the source \"{source.Name}\", and the backup has no folder of it.");
}

/// <summary>A source inside a backup.</summary>
/// <param name="Name">As in the configuration.</param>
/// <param name="Engine"><c>sqlite</c>, <c>files</c>, <c>command</c>, …</param>
/// <param name="Tree">The listing of its folder.</param>
/// <param name="Recorded">What the manifest says of it; null for a foreign snapshot.</param>
public sealed record ReadableSource(string Name, string Engine, BlobId Tree, ManifestSource? Recorded);
