using Larder.Repository.Maintenance;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Maintenance;

/// <summary>Every kind of file is damaged in every way: it is found, or refused on use, and nothing wrong is ever given back.</summary>
[Trait("Kind", "campaign")]
public sealed class DamageTests
{
    private static readonly int RoundsOfEachKind = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? 1000 : 200;

    [Theory]
    [InlineData(FileKind.Config)]
    [InlineData(FileKind.Key)]
    [InlineData(FileKind.Snapshot)]
    [InlineData(FileKind.Index)]
    [InlineData(FileKind.Pack)]
    public Task Damage_is_named_and_wrong_bytes_are_never_given_back(FileKind kind) => SeededRandom.RunAsync(async random =>
    {
        var (sound, backups) = await PrepareAsync();
        var files = await Backups.ListAsync(sound, kind);
        using var before = await Backups.OpenAsync(sound);
        for (var round = 0; round < RoundsOfEachKind; round++)
        {
            var storage = sound.Copy();
            var file = files[random.Next(files.Count)];
            var isDeleted = await DamageAsync(storage, file, random);

            var damages = await LookAsync(storage, before);
            var isSilent = isDeleted && kind is FileKind.Snapshot or FileKind.Key; // A forgotten backup, a removed password: nobody can tell.
            Assert.True(isSilent || (isDeleted && kind == FileKind.Index) || damages.Any(damage => damage.File == file.Key), $"{file.Key} is not named.");

            var lost = await RestoreAllAsync(storage, before, backups);
            var named = damages.SelectMany(damage => damage.Snapshots).ToHashSet();
            Assert.True(
                named.SetEquals(isDeleted && kind == FileKind.Snapshot ? lost.Where(id => id.Hash != file.Key.Name) : lost),
                $"{file.Key}: named {string.Join(", ", named)}, lost {string.Join(", ", lost)}");
        }
    }, $"{nameof(DamageTests)}.{kind}");

    [Fact]
    public Task Several_damages_at_once_are_all_attributed() => SeededRandom.RunAsync(async random =>
    {
        var (sound, backups) = await PrepareAsync();
        var files = (await Backups.ListAsync(sound, FileKind.Pack)).Concat(await Backups.ListAsync(sound, FileKind.Index)).ToList();
        using var before = await Backups.OpenAsync(sound);
        for (var round = 0; round < RoundsOfEachKind / 2; round++)
        {
            var storage = sound.Copy();
            for (var i = 0; i < 3; i++)
            {
                await DamageAsync(storage, files[random.Next(files.Count)], random);
            }
            var damages = await LookAsync(storage, before);
            var lost = await RestoreAllAsync(storage, before, backups);
            Assert.True(
                damages.SelectMany(damage => damage.Snapshots).ToHashSet().SetEquals(lost),
                $"round {round}: {string.Join('\n', damages.Select(d => $"{d.Message}: {string.Join(", ", d.Snapshots)}"))}\nlost {string.Join(", ", lost)}");
        }
    });

    [Fact]
    public Task A_damaged_lock_bars_and_a_deleted_one_is_lost() => SeededRandom.RunAsync(async random =>
    {
        var (sound, _) = await PrepareAsync();
        using var holder = await Backups.OpenAsync(sound);
        await using var held = await RepositoryLock.AcquireAsync(holder, LockMode.Shared, CancellationToken.None);
        var file = Assert.Single(await Backups.ListAsync(sound, FileKind.Lock));
        for (var round = 0; round < RoundsOfEachKind; round++)
        {
            var storage = sound.Copy();
            if (await DamageAsync(storage, file, random) || await storage.FindLengthAsync(file.Key, CancellationToken.None) == 0)
            {
                continue; // Gone; and an empty lock is one that is being written.
            }
            using var other = await Backups.OpenAsync(storage);
            var failure = await Assert.ThrowsAsync<RepositoryException>(() => RepositoryLock.AcquireAsync(other, LockMode.Exclusive, CancellationToken.None));
            Assert.Equal(RepositoryError.Locked, failure.Error);
        }
        await sound.DeleteAsync(file.Key, CancellationToken.None);
        Assert.Equal(RepositoryError.LockLost, (await Assert.ThrowsAsync<RepositoryException>(() => held.EnsureHeldAsync(CancellationToken.None))).Error);
        Assert.True(held.Lost.IsCancellationRequested);
    });

    [Fact]
    public async Task Seven_shares_read_every_pack_once()
    {
        var (storage, _) = await PrepareAsync();
        using var repository = await Backups.OpenAsync(storage);
        var read = 0;
        for (var part = 1; part <= 7; part++)
        {
            Assert.True(CheckSubset.TryParse($"{part}/7", out var subset));
            var report = await new Checker(repository, new CheckOptions { ReadsData = true, Subset = subset }).ExecuteAsync(CancellationToken.None);
            Assert.True(report.IsClean);
            read += report.PacksRead;
        }
        Assert.Equal((await Backups.ListAsync(storage, FileKind.Pack)).Count, read);
        Assert.False(CheckSubset.TryParse("0/7", out _) || CheckSubset.TryParse("8/7", out _) || CheckSubset.TryParse("/", out _));
    }

    [Fact]
    public async Task A_rebuild_of_the_index_cures_the_loss_of_all_of_it()
    {
        var (storage, backups) = await PrepareAsync();
        foreach (var file in await Backups.ListAsync(storage, FileKind.Index))
        {
            await storage.DeleteAsync(file.Key, CancellationToken.None);
        }
        await Assert.ThrowsAsync<RepositoryException>(() => Backups.PruneAsync(storage));
        using (var repository = await Backups.OpenAsync(storage))
        {
            await using var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, CancellationToken.None);
            Assert.Empty((await IndexRebuilder.ExecuteAsync(repository, heldLock, CancellationToken.None)).UnreadablePacks);
        }
        await Backups.AssertHoldsAsync(storage, backups);
    }

    [Fact]
    public async Task A_rebuild_keeps_what_the_old_index_knew_of_a_pack_whose_header_is_damaged()
    {
        var (storage, backups) = await PrepareAsync();
        var pack = (await Backups.ListAsync(storage, FileKind.Pack))[0];
        var bytes = await storage.ReadAllAsync(pack.Key, long.MaxValue, CancellationToken.None);
        bytes[^10] ^= 1;
        storage.Damage(pack.Key, bytes);
        using var repository = await Backups.OpenAsync(storage);
        await using (var heldLock = await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, CancellationToken.None))
        {
            Assert.Single((await IndexRebuilder.ExecuteAsync(repository, heldLock, CancellationToken.None)).UnreadablePacks);
        }
        Assert.Empty(await RestoreAllAsync(storage, repository, backups));
    }

    /// <summary>Three backups that share some of their content, and two passwords.</summary>
    private static async Task<(MemoryStorage Storage, IReadOnlyList<StoredBackup> Backups)> PrepareAsync()
    {
        var storage = await Backups.NewStorageAsync();
        var backups = new List<StoredBackup>();
        for (var seed = 1; seed <= 3; seed++)
        {
            backups.Add(await Backups.StoreAsync(storage, Backups.Files(seed, bytesMax: 6000)));
        }
        using var repository = await Backups.OpenAsync(storage);
        await KeyRing.AddAsync(repository, "another", CancellationToken.None);
        return (storage, backups);
    }

    /// <returns>Whether the file was deleted.</returns>
    private static async Task<bool> DamageAsync(MemoryStorage storage, StoredFile file, Random random)
    {
        if (random.Next(8) == 0 || await storage.FindLengthAsync(file.Key, CancellationToken.None) is null or 0)
        {
            await storage.DeleteAsync(file.Key, CancellationToken.None);
            return true;
        }
        var sound = await storage.ReadAllAsync(file.Key, long.MaxValue, CancellationToken.None);
        storage.Damage(file.Key, random.Next(4) == 0 ? sound[..random.Next(sound.Length)] : Flip(sound, random));
        return false;
    }

    private static byte[] Flip(byte[] bytes, Random random)
    {
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    /// <summary>What an operator who opens the repository anew is told; where opening is refused, what one who has it open is told.</summary>
    private static async Task<IReadOnlyList<Damage>> LookAsync(MemoryStorage storage, Repository before)
    {
        using var repository = await ReopenAsync(storage, before);
        return (await Backups.CheckAsync(repository)).Damages;
    }

    /// <summary>Opens a storage that may refuse to be opened with the config and keys of one that does not.</summary>
    private static async Task<Repository> ReopenAsync(MemoryStorage storage, Repository before)
    {
        try
        {
            return await Backups.OpenAsync(storage);
        }
        catch (RepositoryException refusal)
        {
            Assert.Contains(refusal.Error, new[] { RepositoryError.Damaged, RepositoryError.NoRepository, RepositoryError.WrongPassword });
            var opened = new SwitchedStorage(before.Storage);
            var repository = await Backups.OpenAsync(opened);
            opened.Inner = storage;
            return repository;
        }
    }

    /// <returns>The backups that cannot be restored whole. One that comes back wrong fails the test.</returns>
    private static async Task<HashSet<SnapshotId>> RestoreAllAsync(MemoryStorage storage, Repository before, IReadOnlyList<StoredBackup> backups)
    {
        using var repository = await ReopenAsync(storage, before);
        var lost = new HashSet<SnapshotId>();
        foreach (var backup in backups)
        {
            try
            {
                Backups.AssertSame(backup.Files, await Backups.RestoreAsync(repository, backup.Id));
            }
            catch (RepositoryException)
            {
                lost.Add(backup.Id);
            }
        }
        return lost;
    }

    private sealed class SwitchedStorage(IStorage inner) : IStorage
    {
        public IStorage Inner { get; set; } = inner;

        public string Location => Inner.Location;

        public TimeSpan ListingDelay => Inner.ListingDelay;

        public Task PutAsync(StorageKey key, System.Buffers.ReadOnlySequence<byte> content, CancellationToken cancellationToken) =>
            Inner.PutAsync(key, content, cancellationToken);

        public Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
            Inner.ReadAsync(key, offset, destination, cancellationToken);

        public Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken) => Inner.FindLengthAsync(key, cancellationToken);

        public IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, CancellationToken cancellationToken) => Inner.ListAsync(kind, cancellationToken);

        public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken) => Inner.DeleteAsync(key, cancellationToken);
    }
}
