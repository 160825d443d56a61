using System.Buffers;
using Larder.Repository.Native;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Storage;

public sealed class LocalStorageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken None => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Files_lie_where_restic_puts_them_with_modes_that_only_the_owner_reads()
    {
        using var storage = await PreparedAsync();
        var name = Hash256.Parse("3f9a1c20" + new string('0', 56));
        var pack = new StorageKey(FileKind.Pack, name);

        await PutAsync(storage, pack, 10);
        await PutAsync(storage, StorageKey.Config, 10);
        await PutAsync(storage, new StorageKey(FileKind.Snapshot, name), 10);

        foreach (var file in new[] { $"data/3f/{name}", "config", $"snapshots/{name}" })
        {
            Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(folder[$"repository/{file}"]));
        }
        foreach (var directory in new[] { "", "data", "data/00", "data/ff", "keys", "locks", "index", "snapshots" })
        {
            const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            Assert.Equal(ownerOnly, File.GetUnixFileMode(folder[$"repository/{directory}"]));
        }
        Assert.Equal(256, Directory.GetDirectories(folder["repository/data"]).Length);
        Assert.Equal(3, AllFiles().Count);
    }

    [Fact]
    public async Task Preparing_a_repository_that_exists_changes_nothing()
    {
        using var storage = await PreparedAsync();
        await PutAsync(storage, StorageKey.Config, 10);
        Directory.Delete(folder["repository/data/7e"]);
        var writtenAt = File.GetLastWriteTimeUtc(folder["repository/config"]);

        await storage.PrepareAsync(None);

        Assert.Equal(writtenAt, File.GetLastWriteTimeUtc(folder["repository/config"]));
        Assert.True(Directory.Exists(folder["repository/data/7e"]));
        Assert.Equal(10, await storage.FindLengthAsync(StorageKey.Config, None));
    }

    [Theory]
    [InlineData("a-file")]
    [InlineData("a-file/below")]
    public async Task A_path_that_is_a_file_is_refused_with_its_name(string path)
    {
        await File.WriteAllTextAsync(folder["a-file"], "precious", None);
        using var storage = new LocalStorage(folder[path]);

        var failure = await Assert.ThrowsAsync<RepositoryException>(() => storage.PrepareAsync(None));

        Assert.Equal(RepositoryError.StorageFailed, failure.Error);
        Assert.Contains(folder["a-file"], failure.Message, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(folder["a-file"], None));
    }

    [Fact]
    public async Task A_repository_that_is_not_there_has_no_config_and_refuses_to_list_or_keep()
    {
        using var storage = new LocalStorage(folder["nowhere"]);

        Assert.Null(await storage.FindLengthAsync(StorageKey.Config, None));
        var listing = await Assert.ThrowsAsync<RepositoryException>(() => NamesAsync(storage, FileKind.Snapshot));
        var put = await Assert.ThrowsAsync<RepositoryException>(() =>
            PutAsync(storage, new StorageKey(FileKind.Pack, Hash256.Of([1])), 10));

        Assert.Equal(RepositoryError.StorageFailed, listing.Error);
        Assert.Equal(RepositoryError.StorageFailed, put.Error);
        Assert.Contains(folder["nowhere"], put.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["nowhere"]));
    }

    [Fact]
    public async Task A_missing_folder_is_made_in_a_repository_and_not_under_an_empty_mount_point()
    {
        Directory.CreateDirectory(folder["repository"]);
        using var storage = new LocalStorage(folder["repository"]);
        var pack = new StorageKey(FileKind.Pack, Hash256.Of([1]));

        await Assert.ThrowsAsync<RepositoryException>(() => PutAsync(storage, pack, 10));
        Assert.Empty(Directory.GetFileSystemEntries(folder["repository"]));

        await PutAsync(storage, StorageKey.Config, 10);
        await PutAsync(storage, pack, 10);
        Assert.Equal([pack.Name], await NamesAsync(storage, FileKind.Pack));
    }

    [Fact]
    public async Task Foreign_names_are_passed_over()
    {
        using var storage = await PreparedAsync();
        var pack = new StorageKey(FileKind.Pack, Hash256.Parse("3f" + new string('0', 62)));
        await PutAsync(storage, pack, 10);
        var id = pack.Name.ToString();
        string[] foreign = ["README", id[..63], id + "0", id.ToUpperInvariant(), id + "-tmp-123", "x\ny", "3f" + new string('g', 62)];
        foreach (var name in foreign)
        {
            await File.WriteAllTextAsync(folder[$"repository/data/3f/{name}"], "foreign", None);
        }
        await File.WriteAllTextAsync(folder[$"repository/data/{id}"], "a level too high", None);
        await File.WriteAllTextAsync(folder[$"repository/data/40/{id}"], "in another's folder", None);
        Directory.CreateDirectory(folder[$"repository/index/{id}"]);

        Assert.Equal([pack.Name], await NamesAsync(storage, FileKind.Pack));
        Assert.Empty(await NamesAsync(storage, FileKind.Index));
        var failure = await Assert.ThrowsAsync<RepositoryException>(() =>
            storage.FindLengthAsync(new StorageKey(FileKind.Index, pack.Name), None));
        Assert.Contains("is not a file", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leftovers_older_than_a_day_are_removed_and_nothing_else_is()
    {
        using var storage = await PreparedAsync();
        var id = Hash256.Of([1]).ToString();
        var clock = new TestClock(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
        var now = clock.GetUtcNow().UtcDateTime;
        var old = now - TimeSpan.FromHours(25);
        Write($"data/{id[..2]}/{id}-tmp-1234", old);
        Write($"snapshots/{id}-tmp-9", old);
        Write("config-tmp-77", old);
        Write($"data/{id[..2]}/{id}-tmp-young", now - TimeSpan.FromHours(23));
        Write($"data/{id[..2]}/{id}", old);
        Write($"index/notes-tmp-1", old);
        Write("config", old);

        var removed = await storage.RemoveLeftoversAsync(clock, None);

        Assert.Equal(3, removed);
        Assert.Equal(
            ["config", $"data/{id[..2]}/{id}", $"data/{id[..2]}/{id}-tmp-young", "index/notes-tmp-1"],
            AllFiles().Select(path => Path.GetRelativePath(folder["repository"], path)).Order(StringComparer.Ordinal));

        void Write(string name, DateTime at)
        {
            File.WriteAllText(folder[$"repository/{name}"], "half");
            File.SetLastWriteTimeUtc(folder[$"repository/{name}"], at);
        }
    }

    [Fact]
    public async Task A_failed_put_leaves_no_temporary_file()
    {
        using var storage = await PreparedAsync();
        var bytes = new byte[20 << 20];
        var seen = new List<string>();
        var content = Segments.WithSignal(bytes, 18 << 20, () =>
        {
            seen.AddRange(AllFiles().Where(path => new FileInfo(path).Length >= 16 << 20));
            throw new RepositoryException(RepositoryError.StorageFailed, "The content broke off.");
        });

        await Assert.ThrowsAsync<RepositoryException>(() =>
            storage.PutAsync(new StorageKey(FileKind.Pack, Hash256.Of(bytes)), content, None));

        Assert.Contains("-tmp-", Assert.Single(seen), StringComparison.Ordinal); // So it was half written, and under which name.
        Assert.Empty(AllFiles());
    }

    [Fact]
    public async Task Of_two_writers_of_one_config_exactly_one_wins_and_its_bytes_stay()
    {
        using var storage = await PreparedAsync();
        for (var round = 0; round < 20; round++)
        {
            var winners = new System.Collections.Concurrent.ConcurrentBag<byte>();
            using var bothAreWriting = new Barrier(2);
            var atOnce = new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = None };
            await Parallel.ForAsync(0, 2, atOnce, async (writer, token) =>
            {
                var bytes = new byte[100 + writer];
                Array.Fill(bytes, (byte)writer);
                // Both have found no config before either renames its own: only the rename itself can refuse.
                var met = 0;
                var content = Segments.WithSignal(bytes, 0, () =>
                {
                    if (met++ == 0)
                    {
                        bothAreWriting.SignalAndWait(token);
                    }
                });
                try
                {
                    await storage.PutAsync(StorageKey.Config, content, token);
                    winners.Add((byte)writer);
                }
                catch (RepositoryException failure) when (failure.Error == RepositoryError.AlreadyExists)
                {
                }
            });

            var winner = Assert.Single(winners);
            var stored = await storage.ReadAllAsync(StorageKey.Config, 1 << 10, None);
            Assert.Equal(100 + winner, stored.Length);
            Assert.All(stored, value => Assert.Equal(winner, value));
            Assert.Single(AllFiles());
            await storage.DeleteAsync(StorageKey.Config, None);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_rename_never_replaces_a_file(bool asOnFileSystemsWithoutNoReplace)
    {
        File.WriteAllText(folder["new"], "new");
        File.WriteAllText(folder["old"], "old");
        Func<string, string, int> rename = asOnFileSystemsWithoutNoReplace ? Posix.LinkThenDelete : Posix.RenameWithoutReplacing;

        Assert.Equal(Posix.Exists, rename(folder["new"], folder["old"]));
        Assert.Equal("old", File.ReadAllText(folder["old"]));
        Assert.Equal("new", File.ReadAllText(folder["new"]));

        Assert.Equal(0, rename(folder["new"], folder["free"]));
        Assert.Equal("new", File.ReadAllText(folder["free"]));
        Assert.False(File.Exists(folder["new"]));
    }

    [Fact]
    public async Task A_full_disk_is_told_apart_and_frees_what_the_failed_put_took()
    {
        using var disk = MountedFolder.OfSize("1m");
        using var storage = new LocalStorage(disk.Path);
        await storage.PrepareAsync(None);
        var small = new StorageKey(FileKind.Index, Hash256.Of([1]));
        var large = new StorageKey(FileKind.Pack, Hash256.Of([2]));

        var failure = await Assert.ThrowsAsync<RepositoryException>(() => PutAsync(storage, large, 2 << 20));

        Assert.Equal(RepositoryError.StorageFull, failure.Error);
        Assert.False(failure.IsTransient);
        Assert.Equal(large, failure.File);
        Assert.Contains("No space left on device", failure.Message, StringComparison.Ordinal);
        Assert.Contains(disk.Path, failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(disk.Path, "*", SearchOption.AllDirectories));
        await PutAsync(storage, small, 500 << 10);
        Assert.Equal(500 << 10, await storage.FindLengthAsync(small, None));
    }

    [Fact]
    public async Task A_disk_that_fills_up_keeps_every_file_that_was_reported_as_kept()
    {
        using var disk = MountedFolder.OfSize("1m");
        using var storage = new LocalStorage(disk.Path);
        await storage.PrepareAsync(None);
        var kept = new List<StoredFile>();

        var failure = await Assert.ThrowsAsync<RepositoryException>(async () =>
        {
            for (var i = 0; ; i++)
            {
                var key = new StorageKey(FileKind.Pack, Hash256.Of(BitConverter.GetBytes(i)));
                await PutAsync(storage, key, 50_000 + i);
                kept.Add(new StoredFile(key, 50_000 + i));
            }
        });

        Assert.Equal(RepositoryError.StorageFull, failure.Error);
        Assert.NotEmpty(kept);
        Assert.Equal(kept.Select(file => file.Key.Name).Order(), (await NamesAsync(storage, FileKind.Pack)).Order());
        foreach (var file in kept)
        {
            Assert.Equal(file.LengthBytes, await storage.FindLengthAsync(file.Key, None));
        }
        await storage.DeleteAsync(kept[0].Key, None); // A full disk must let itself be cleaned.
        await PutAsync(storage, new StorageKey(FileKind.Snapshot, Hash256.Of([9])), 300);
    }

    [Fact]
    public async Task A_read_only_disk_fails_with_its_path_and_still_reads()
    {
        using var disk = MountedFolder.OfSize("1m");
        using var storage = new LocalStorage(disk.Path);
        await storage.PrepareAsync(None);
        var pack = new StorageKey(FileKind.Pack, Hash256.Of([1]));
        await PutAsync(storage, pack, 1_000);
        disk.MakeReadOnly();

        var put = await Assert.ThrowsAsync<RepositoryException>(() =>
            PutAsync(storage, new StorageKey(FileKind.Pack, Hash256.Of([2])), 10));
        var delete = await Assert.ThrowsAsync<RepositoryException>(() => storage.DeleteAsync(pack, None));

        foreach (var failure in new[] { put, delete })
        {
            Assert.Equal(RepositoryError.StorageFailed, failure.Error);
            Assert.False(failure.IsTransient);
            Assert.Contains(disk.Path, failure.Message, StringComparison.Ordinal);
            Assert.Contains("Read-only file system", failure.Message, StringComparison.Ordinal);
        }
        Assert.Equal(1_000, await storage.ReadAsync(pack, 0, new byte[2_000], None));
        Assert.Equal(0, await storage.RemoveLeftoversAsync(new TestClock(), None));
        await storage.PrepareAsync(None);
    }

    [Fact]
    public async Task A_pack_deleted_by_another_process_is_missing_at_once_and_its_space_is_freed_at_the_next_read()
    {
        using var storage = await PreparedAsync();
        var pack = new StorageKey(FileKind.Pack, Hash256.Of([1]));
        await PutAsync(storage, pack, 1_000);
        await storage.ReadAsync(pack, 0, new byte[10], None);
        Assert.Equal(1, storage.OpenPackCount);

        File.Delete(AllFiles().Single());

        var failure = await Assert.ThrowsAsync<RepositoryException>(() => storage.ReadAsync(pack, 0, new byte[10], None));
        Assert.Equal(RepositoryError.FileMissing, failure.Error);
        Assert.Equal(0, storage.OpenPackCount);
        await PutAsync(storage, pack, 500);
        Assert.Equal(500, await storage.ReadAsync(pack, 0, new byte[1_000], None));
    }

    [Fact]
    public async Task Open_packs_are_bounded_and_closed_with_the_storage()
    {
        using var storage = await PreparedAsync();
        var packs = Enumerable.Range(0, 2 * OpenPacks.HandlesMax)
            .Select(i => new StorageKey(FileKind.Pack, Hash256.Of(BitConverter.GetBytes(i)))).ToList();
        await Parallel.ForEachAsync(packs, None, async (pack, _) => await PutAsync(storage, pack, 1_000));

        await Parallel.ForEachAsync(packs.Concat(packs).Concat(packs), None, async (pack, token) =>
            Assert.Equal(1_000, await storage.ReadAsync(pack, 0, new byte[1_001], token)));

        Assert.Equal(OpenPacks.HandlesMax, storage.OpenPackCount);
        Assert.Equal(OpenPacks.HandlesMax, OpenFilesBelow(folder.FullPath));
        storage.Dispose();
        Assert.Equal(0, OpenFilesBelow(folder.FullPath));
        Assert.Equal(1_000, await storage.ReadAsync(packs[0], 0, new byte[1_001], None));
    }

    [Fact]
    public async Task Short_writes_and_lost_answers_leave_a_local_folder_whole()
    {
        using var disk = MountedFolder.OfSize("64m");
        var number = 0;
        var result = await NthFailure.RunAsync(
            operation: async faulty =>
            {
                for (var i = 0; i < 3; i++)
                {
                    // 128 segments are two system calls: a content that breaks off late has its first half written.
                    var bytes = new byte[1 << 20];
                    bytes[0] = (byte)i;
                    await faulty.PutAsync(new StorageKey(FileKind.Pack, Hash256.Of(bytes)), Segments.Cut(bytes, () => 8 << 10), None);
                }
            },
            afterEach: async inner =>
            {
                await foreach (var file in inner.ListAsync(FileKind.Pack, None))
                {
                    var bytes = await inner.ReadAllAsync(file.Key, 1 << 26, None);
                    Assert.Equal(file.Key.Name, Hash256.Of(bytes));
                }
                Assert.Empty(Directory.GetFiles(inner.Location, "*-tmp-*", SearchOption.AllDirectories));
                ((LocalStorage)inner).Dispose();
                Directory.Delete(inner.Location, recursive: true);
            },
            kinds: [FaultKind.Error, FaultKind.LostAnswer, FaultKind.ShortWrite, FaultKind.FullDisk],
            fresh: async () =>
            {
                var storage = new LocalStorage(Path.Combine(disk.Path, $"run{number++}"));
                await storage.PrepareAsync(None);
                return (IStorage)storage;
            },
            seed: SeededRandom.SeedFor(nameof(Short_writes_and_lost_answers_leave_a_local_folder_whole)));

        Assert.Equal(12, result.Faults);
        Assert.Empty(result.Absorbed);
    }

    private static int OpenFilesBelow(string path) => Directory.GetFiles("/proc/self/fd")
        .Count(link => new FileInfo(link).LinkTarget is { } target && target.StartsWith(path, StringComparison.Ordinal));

    private static Task PutAsync(LocalStorage storage, StorageKey key, int length) =>
        storage.PutAsync(key, new ReadOnlySequence<byte>(new byte[length]), None);

    private static async Task<List<Hash256>> NamesAsync(LocalStorage storage, FileKind kind)
    {
        var names = new List<Hash256>();
        await foreach (var file in storage.ListAsync(kind, None))
        {
            names.Add(file.Key.Name);
        }
        return names;
    }

    private List<string> AllFiles() => [.. Directory.GetFiles(folder.FullPath, "*", SearchOption.AllDirectories)];

    private async Task<LocalStorage> PreparedAsync()
    {
        var storage = new LocalStorage(folder["repository"]);
        await storage.PrepareAsync(None);
        return storage;
    }
}
