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

        await CheckSmallFilesAsync(FileKind.Key, cancellationToken);
        FindConflicts(index);
        var present = ComparePacks(index, stored);
        var used = await FollowReferencesAsync(index, snapshots, cancellationToken);
        var read = options.ReadsData ? Selected(present, stored, used) : [];
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

    private async Task CheckSmallFilesAsync(FileKind kind, CancellationToken cancellationToken)
    {
        await foreach (var file in repository.Storage.ListAsync(kind, cancellationToken))
        {
            var bytes = file.LengthBytes <= Repository.SmallFileBytesMax
                ? await repository.Storage.ReadAllAsync(file.Key, Repository.SmallFileBytesMax, cancellationToken)
                : [];
            if (Hash256.Of(bytes) != file.Key.Name)
            {
                damages.Add(new Damage { File = file.Key, Message = $"{file.Key} in {repository.Location} is damaged: its bytes are not what its name says" });
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

    /// <returns>The packs that are there and as long as they should be.</returns>
    private List<IndexedPack> ComparePacks(MasterIndex index, Dictionary<PackId, long> stored)
    {
        var present = new List<IndexedPack>();
        foreach (var pack in index.Packs)
        {
            var expectedBytes = PackHeader.FileBytes(pack.Blobs);
            if (!stored.TryGetValue(pack.Id, out var lengthBytes))
            {
                damages.Add(PackChecker.Whole(repository, pack, "it is missing"));
            }
            else if (lengthBytes != expectedBytes)
            {
                damages.Add(PackChecker.Whole(repository, pack, $"it is {lengthBytes} bytes long and should be {expectedBytes}"));
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

    private async Task<UsedBlobs?> FollowReferencesAsync(MasterIndex index, List<StoredSnapshot> snapshots, CancellationToken cancellationToken)
    {
        var used = new UsedBlobs(index);
        var walk = new ReferenceWalk(repository, index, used);
        foreach (var snapshot in snapshots)
        {
            await walk.FollowAsync(snapshot, e => damages.Add(new Damage { File = e.File, Message = e.Message, Snapshots = [snapshot.Id] }), cancellationToken);
        }
        return options.Snapshots is null ? null : used;
    }

    private List<IndexedPack> Selected(List<IndexedPack> present, Dictionary<PackId, long> stored, UsedBlobs? used)
    {
        List<IndexedPack> selected =
        [
            .. present.Where(pack => options.Subset.Contains(pack.Id) && (used is null || pack.Blobs.Any(blob => used.IsMarked(blob.Kind, blob.Id)))),
        ];
        options.OnBytesExpected(selected.Sum(pack => stored[pack.Id]));
        return selected;
    }

    private async Task ReadPacksAsync(List<IndexedPack> packs, Dictionary<PackId, long> stored, CancellationToken cancellationToken)
    {
        // Two packs at a time are in memory: 32 MiB of Larder's own, more of writers that make larger ones.
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
    private async Task<IReadOnlyList<Damage>> AttributeAsync(MasterIndex index, List<StoredSnapshot> snapshots, CancellationToken cancellationToken)
    {
        if (damages.TrueForAll(damage => damage.LostBlobs.Count == 0))
        {
            return damages;
        }

        var badCopies = damages
            .Where(damage => damage.File is { Kind: FileKind.Pack })
            .SelectMany(damage => damage.LostBlobs.Select(blob => (Pack: new PackId(damage.File!.Value.Name), blob.Kind, blob.Id)))
            .ToHashSet();
        var affected = damages.ConvertAll(damage => damage.Snapshots.ToHashSet());
        foreach (var snapshot in snapshots)
        {
            var used = new UsedBlobs(index);
            await new ReferenceWalk(repository, index, used).FollowAsync(snapshot, _ => { }, cancellationToken);
            for (var i = 0; i < damages.Count; i++)
            {
                if (damages[i].LostBlobs.Any(blob => used.IsMarked(blob.Kind, blob.Id) && IsLost(blob.Kind, blob.Id)))
                {
                    affected[i].Add(snapshot.Id);
                }
            }
        }
        return [.. damages.Select((damage, i) => damage with { Snapshots = [.. affected[i]] })];

        bool IsLost(BlobKind kind, BlobId id) => index.FindAll(kind, id).All(copy => badCopies.Contains((copy.Pack, kind, id)));
    }

    private void Add(RepositoryException e) => damages.Add(new Damage
    {
        File = e.File,
        Message = e.Message,
        Snapshots = e.File is { Kind: FileKind.Snapshot } file ? [new SnapshotId(file.Name)] : [],
    });
}
