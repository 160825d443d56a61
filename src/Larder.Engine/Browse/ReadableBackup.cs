using Larder.Engine.Backups;
using Larder.Repository;
using Larder.Repository.Index;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;

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
    /// <see cref="Errors.LarderException"/> as <see cref="BackupLibrary.ResolveAsync"/> does.
    /// </summary>
    /// <param name="repository">Look into this repository alone; null for all.</param>
    public static Task<ReadableBackup> OpenAsync(EngineContext context, string name, string? repository, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <summary>Fails with <see cref="Errors.EngineError.UnknownSource"/>.</summary>
    public ReadableSource SourceOf(string name) => throw new NotSupportedException();
}

/// <summary>A source inside a backup.</summary>
/// <param name="Name">As in the configuration.</param>
/// <param name="Engine"><c>sqlite</c>, <c>files</c>, <c>command</c>, …</param>
/// <param name="Tree">The listing of its folder.</param>
/// <param name="Recorded">What the manifest says of it; null for a foreign snapshot.</param>
public sealed record ReadableSource(string Name, string Engine, BlobId Tree, ManifestSource? Recorded);
