using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Storage;

namespace Larder.Repository.Maintenance;

/// <summary>Writes the index anew from the headers of the packs: the cure for index files that are damaged or lost.</summary>
public static class IndexRebuilder
{
    /// <param name="heldLock">Exclusive.</param>
    /// <returns>
    /// How many packs were indexed, and those whose header does not open. They stay where they are, and in the index where it knew
    /// them: their blobs may be whole.
    /// </returns>
    public static async Task<IndexRebuild> ExecuteAsync(Repository repository, RepositoryLock heldLock, CancellationToken cancellationToken)
    {
        if (heldLock.Mode != LockMode.Exclusive)
        {
            throw new ArgumentException("Rebuilding the index needs an exclusive lock.", nameof(heldLock));
        }

        var old = new List<StorageKey>();
        await foreach (var file in repository.Storage.ListAsync(FileKind.Index, cancellationToken))
        {
            old.Add(file.Key);
        }

        var writer = new IndexWriter(repository, heldLock);
        var unreadable = new List<PackId>();
        var packs = 0;
        await foreach (var file in repository.Storage.ListAsync(FileKind.Pack, cancellationToken))
        {
            var id = new PackId(file.Key.Name);
            try
            {
                var blobs = await PackReader.ReadHeaderAsync(repository.Storage, repository.Key, id, file.LengthBytes, cancellationToken);
                await writer.AddAsync([new IndexedPack(id, blobs)], cancellationToken);
                packs++;
            }
            catch (RepositoryException e) when (e.Error == RepositoryError.Damaged && e.File?.Kind == FileKind.Pack)
            {
                unreadable.Add(id);
            }
        }
        await writer.AddAsync(await FindOldListingsAsync(repository, unreadable, cancellationToken), cancellationToken);
        await writer.CompleteAsync(cancellationToken);

        await heldLock.EnsureHeldAsync(cancellationToken);
        foreach (var file in old.Where(file => !writer.Files.Contains(file)))
        {
            await repository.Storage.DeleteAsync(file, cancellationToken);
        }
        repository.DropIndex();
        return new IndexRebuild(packs, unreadable);
    }

    private static async Task<IReadOnlyList<IndexedPack>> FindOldListingsAsync(
        Repository repository, IReadOnlyCollection<PackId> unreadable, CancellationToken cancellationToken)
    {
        if (unreadable.Count == 0)
        {
            return [];
        }
        var index = await repository.ReadIndexAsync(_ => { }, cancellationToken);
        var contradicted = index.Conflicts.Select(pack => pack.Id).ToHashSet();
        return [.. index.Packs.Where(pack => unreadable.Contains(pack.Id) && !contradicted.Contains(pack.Id))];
    }
}

/// <summary>What a rebuild of the index found.</summary>
public sealed record IndexRebuild(int Packs, IReadOnlyList<PackId> UnreadablePacks);
