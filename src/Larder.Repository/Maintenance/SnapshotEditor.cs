using System.Text.Json.Nodes;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;

namespace Larder.Repository.Maintenance;

/// <summary>
/// Removes snapshots, and rewrites their metadata. Files are immutable, so a change is a new file; the first id stays in <c>original</c>.
/// </summary>
public sealed class SnapshotEditor
{
    private readonly Repository repository;
    private readonly RepositoryLock heldLock;

    /// <param name="heldLock">Exclusive.</param>
    public SnapshotEditor(Repository repository, RepositoryLock heldLock)
    {
        if (heldLock.Mode != LockMode.Exclusive)
        {
            throw new ArgumentException("Editing snapshots needs an exclusive lock.", nameof(heldLock));
        }
        this.repository = repository;
        this.heldLock = heldLock;
    }

    /// <summary>Removes a snapshot. Its blobs stay until the next prune.</summary>
    public async Task RemoveAsync(SnapshotId id, CancellationToken cancellationToken)
    {
        await heldLock.EnsureHeldAsync(cancellationToken);
        await repository.Storage.DeleteAsync(StorageKey.Of(id), cancellationToken);
    }

    /// <summary>Replaces the tags of a snapshot, keeping every other field, also those this program does not know.</summary>
    /// <returns>The id of the new file; the old one where nothing changes.</returns>
    public async Task<SnapshotId> ReplaceTagsAsync(
        SnapshotId id, Func<IReadOnlyList<string>, IReadOnlyList<string>> change, CancellationToken cancellationToken)
    {
        var json = await repository.ReadUnpackedAsync(StorageKey.Of(id), Repository.SmallFileBytesMax, cancellationToken);
        var before = SnapshotFile.Decode(json);
        var tags = change(before.Tags);
        if (tags.SequenceEqual(before.Tags))
        {
            return id;
        }

        var rewritten = SnapshotFile.Rewrite(json, fields =>
        {
            fields["tags"] = new JsonArray([.. tags.Select(tag => JsonValue.Create(tag))]);
            fields["original"] = (before.Original ?? id).ToString();
        });
        await heldLock.EnsureHeldAsync(cancellationToken);
        var file = await repository.StoreUnpackedAsync(FileKind.Snapshot, rewritten, cancellationToken);

        // The new file is read back before the old one goes: at every moment one of them is whole.
        var newId = new SnapshotId(file.Name);
        var after = await repository.LoadSnapshotAsync(newId, cancellationToken);
        if (after.Tree != before.Tree || !after.Tags.SequenceEqual(tags))
        {
            throw new RepositoryException(RepositoryError.Damaged, $"{file} in {repository.Location} does not read back as it was written")
            {
                File = file,
                Location = repository.Location,
            };
        }
        await repository.Storage.DeleteAsync(StorageKey.Of(id), cancellationToken);
        return newId;
    }
}
