using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Storage;

namespace Larder.Repository.Maintenance;

/// <summary>
/// Checks a repository: index files, the packs they name, keys, snapshots, every reference, and, where asked, every byte of every pack.
/// It writes nothing; whoever calls holds a shared lock, so that nothing is removed meanwhile.
/// </summary>
public sealed class Checker(Repository repository, CheckOptions options)
{
    private readonly List<Damage> damages = [];
    private readonly List<string> hints = [];

    public async Task<CheckReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        // Snapshots first: what is added while we look is then in the index that we read after.
        var snapshots = await ListSnapshotsAsync(cancellationToken);
        var index = await repository.ReadIndexAsync(Add, cancellationToken);
        var stored = await ListPacksAsync(cancellationToken);

        await CheckConfigAsync(cancellationToken);
        await CheckKeysAsync(cancellationToken);
        FindConflicts(index);
        var used = await FollowReferencesAsync(index, snapshots, cancellationToken);
        var present = ComparePacks(index, stored, used);
        var read = options.ReadsData ? Selected(present, stored) : [];
        await ReadPacksAsync(read, stored, cancellationToken);

        return new CheckReport
        {
            Damages = await AttributeAsync(index, snapshots, cancellationToken),
            Hints = hints,
            Snapshots = snapshots.Count,
            Packs = present.Count,
            PacksRead = read.Count,
            BytesRead = read.Sum(pack => stored[pack.Id]),
            Blobs = index.BlobCount,
        };
    }

    private async Task<List<StoredSnapshot>> ListSnapshotsAsync(CancellationToken cancellationToken)
    {
        var snapshots = new List<StoredSnapshot>();
        await foreach (var snapshot in repository.ListSnapshotsAsync(e => AddUnlessElsewhere(e), cancellationToken))
        {
            if (options.Snapshots is null || options.Snapshots.Contains(snapshot.Id))
            {
                snapshots.Add(snapshot);
            }
        }
        return snapshots;

        void AddUnlessElsewhere(RepositoryException e)
        {
            if (options.Snapshots is null || (e.File is { } file && options.Snapshots.Contains(new SnapshotId(file.Name))))
            {
                Add(e);
            }
        }
    }

    private async Task<Dictionary<PackId, long>> ListPacksAsync(CancellationToken cancellationToken)
    {
        var stored = new Dictionary<PackId, long>();
        await foreach (var file in repository.Storage.ListAsync(FileKind.Pack, cancellationToken))
        {
            stored[new PackId(file.Key.Name)] = file.LengthBytes;
        }
        return stored;
    }

    private async Task CheckConfigAsync(CancellationToken cancellationToken)
    {
        try
        {
            var box = await repository.Storage.ReadAllAsync(StorageKey.Config, Repository.SmallFileBytesMax, cancellationToken);
            RepositoryConfig.Open(repository.Key, box, repository.Location);
        }
        catch (RepositoryException e)
            when (e.Error is RepositoryError.Damaged or RepositoryError.FileMissing or RepositoryError.Unsupported)
        {
            Add(e);
        }
    }

    private async Task CheckKeysAsync(CancellationToken cancellationToken)
    {
        await foreach (var file in repository.Storage.ListAsync(FileKind.Key, cancellationToken))
        {
            try
            {
                await KeyRing.ReadAsync(repository.Storage, new KeyId(file.Key.Name), cancellationToken);
            }
            catch (RepositoryException e) when (e.Error is RepositoryError.Damaged or RepositoryError.Unsupported)
            {
                Add(e);
            }
            catch (RepositoryException e) when (e.Error == RepositoryError.FileMissing)
            {
                hints.Add($"{file.Key} was removed while the repository was checked");
            }
        }
    }

    private void FindConflicts(MasterIndex index)
    {
        foreach (var pack in index.Conflicts)
        {
            var file = StorageKey.Of(pack.Id);
            damages.Add(new Damage { File = file, Message = $"index files of {repository.Location} contradict each other about {file}" });
        }
    }

    /// <returns>The packs that are there and as long as they should be, or will be read, which tells what is left of them.</returns>
    private List<IndexedPack> ComparePacks(MasterIndex index, Dictionary<PackId, long> stored, UsedBlobs? used)
    {
        var present = new List<IndexedPack>();
        foreach (var pack in index.Packs.Where(pack => used is null || pack.Blobs.Any(blob => used.IsMarked(blob.Kind, blob.Id))))
        {
            var expectedBytes = PackHeader.FileBytes(pack.Blobs);
            if (!stored.TryGetValue(pack.Id, out var lengthBytes))
            {
                damages.Add(PackChecker.Whole(repository, pack, "it is missing"));
            }
            else if (lengthBytes != expectedBytes && !(options.ReadsData && options.Subset.Contains(pack.Id)))
            {
                damages.Add(PackChecker.WrongLength(repository, pack, lengthBytes));
            }
            else
            {
                present.Add(pack);
            }
        }

        var orphans = stored.Keys.Count(id => !index.ContainsPack(id));
        if (orphans > 0)
        {
            hints.Add($"{orphans} packs are in no index; an interrupted backup leaves such packs, and cleanup removes them");
        }
        return present;
    }

    private async Task<UsedBlobs?> FollowReferencesAsync(
        MasterIndex index, List<StoredSnapshot> snapshots, CancellationToken cancellationToken)
    {
        var used = new UsedBlobs(index);
        var walk = new ReferenceWalk(repository, index, used);
        foreach (var snapshot in snapshots)
        {
            await walk.FollowAsync(snapshot, AddReference, cancellationToken);
        }
        return options.Snapshots is null ? null : used;
    }

    private List<IndexedPack> Selected(List<IndexedPack> present, Dictionary<PackId, long> stored)
    {
        var selected = present.FindAll(pack => options.Subset.Contains(pack.Id));
        options.OnBytesExpected(selected.Sum(pack => stored[pack.Id]));
        return selected;
    }

    private async Task ReadPacksAsync(List<IndexedPack> packs, Dictionary<PackId, long> stored, CancellationToken cancellationToken)
    {
        // Two packs at a time, of each 8 MiB in memory.
        var parallel = new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = 2 };
        await Parallel.ForEachAsync(packs, parallel, async (pack, token) =>
        {
            Damage? damage;
            try
            {
                damage = await PackChecker.CheckAsync(repository, pack, stored[pack.Id], token);
            }
            catch (RepositoryException e) when (e.Error == RepositoryError.FileMissing)
            {
                damage = PackChecker.Whole(repository, pack, "it is missing");
            }
            if (damage is not null)
            {
                lock (damages)
                {
                    damages.Add(damage);
                }
            }
            options.OnBytesRead(stored[pack.Id]);
        });
    }

    /// <summary>Finds, for each damage, the snapshots that need what was lost; a blob with a good copy elsewhere is not lost.</summary>
    private async Task<IReadOnlyList<Damage>> AttributeAsync(
        MasterIndex index, List<StoredSnapshot> snapshots, CancellationToken cancellationToken)
    {
        var known = WithoutRepetition();
        if (known.TrueForAll(damage => damage.LostBlobs.Count == 0))
        {
            return known;
        }

        var trail = new DamageTrail(repository, index, Blame(known, index));
        var affected = known.ConvertAll(damage => damage.Snapshots.ToHashSet());
        foreach (var snapshot in snapshots)
        {
            foreach (var damage in await trail.FollowAsync(snapshot.Snapshot.Tree, cancellationToken))
            {
                affected[damage].Add(snapshot.Id);
            }
        }
        return [.. known.Select((damage, i) => damage with { Snapshots = [.. affected[i]] })];
    }

    /// <summary>A tree that cannot be read from a pack is no second damage where the pack itself was found damaged.</summary>
    private List<Damage> WithoutRepetition()
    {
        var lostInPacks = damages.Where(damage => !damage.IsReference)
            .SelectMany(damage => damage.LostBlobs.Select(blob => (damage.File, blob))).ToHashSet();
        return damages.FindAll(damage => !damage.IsReference || !damage.LostBlobs.All(blob => lostInPacks.Contains((damage.File, blob))));
    }

    /// <returns>For each blob that is lost, the damages that took it.</returns>
    private static Dictionary<(BlobKind, BlobId), List<int>> Blame(List<Damage> known, MasterIndex index)
    {
        var badCopies = known
            .Where(damage => !damage.IsReference && damage.File is { Kind: FileKind.Pack })
            .SelectMany(damage => damage.LostBlobs.Select(blob => (Pack: new PackId(damage.File!.Value.Name), blob.Kind, blob.Id)))
            .ToHashSet();
        var blame = new Dictionary<(BlobKind, BlobId), List<int>>();
        for (var i = 0; i < known.Count; i++)
        {
            foreach (var blob in known[i].LostBlobs.Where(blob => known[i].IsReference || IsLost(blob.Kind, blob.Id)))
            {
                (blame.TryGetValue(blob, out var numbers) ? numbers : blame[blob] = []).Add(i);
            }
        }
        return blame;

        bool IsLost(BlobKind kind, BlobId id) => index.FindAll(kind, id).All(copy => badCopies.Contains((copy.Pack, kind, id)));
    }

    private void AddReference(BrokenReference broken) => damages.Add(new Damage
    {
        File = broken.Reason.File,
        Message = broken.Reason.Message,
        LostBlobs = [(broken.Kind, broken.Blob)],
        IsReference = true,
    });

    private void Add(RepositoryException e) => damages.Add(new Damage
    {
        File = e.File,
        Message = e.Message,
        Snapshots = e.File is { Kind: FileKind.Snapshot } file ? [new SnapshotId(file.Name)] : [],
    });
}
