using System.Diagnostics;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests;

public sealed class RepositoryLockTests
{
    [Fact]
    public async Task Shared_locks_stand_side_by_side_and_an_exclusive_one_stands_alone()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        await using (await AcquireAsync(repository, LockMode.Shared))
        await using (await AcquireAsync(repository, LockMode.Shared))
        {
            Assert.Equal(2, (await Backups.ListAsync(storage, FileKind.Lock)).Count);
            await AssertLockedAsync(repository, LockMode.Exclusive);
        }
        await using (await AcquireAsync(repository, LockMode.Exclusive))
        {
            await AssertLockedAsync(repository, LockMode.Shared);
            await AssertLockedAsync(repository, LockMode.Exclusive);
        }
        Assert.Empty(await Backups.ListAsync(storage, FileKind.Lock));
    }

    [Fact]
    public async Task Of_several_who_want_it_alone_at_most_one_gets_it()
    {
        var storage = await Backups.NewStorageAsync();
        var holders = 0;
        for (var round = 0; round < 20; round++)
        {
            var tries = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                using var repository = await Backups.OpenAsync(storage);
                try
                {
                    await using var held = await AcquireAsync(repository, LockMode.Exclusive);
                    Assert.Equal(1, Interlocked.Increment(ref holders));
                    await held.EnsureHeldAsync(CancellationToken.None);
                    Interlocked.Decrement(ref holders);
                }
                catch (RepositoryException e)
                {
                    Assert.Equal(RepositoryError.Locked, e.Error);
                }
            }));
            await Task.WhenAll(tries);
            Assert.Empty(await Backups.ListAsync(storage, FileKind.Lock));
        }
    }

    [Fact]
    public async Task An_old_lock_and_that_of_a_dead_process_bar_nobody()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        using var ended = Process.Start(new ProcessStartInfo("/bin/true"))!;
        await ended.WaitForExitAsync();
        await StoreLockAsync(repository, hostname: "here", pid: ended.Id, age: TimeSpan.Zero);
        await StoreLockAsync(repository, hostname: "elsewhere", pid: 1, age: TimeSpan.FromMinutes(31));

        await using (await AcquireAsync(repository, LockMode.Exclusive))
        {
            Assert.Equal(2, (await Backups.ListAsync(storage, FileKind.Lock)).Count); // Ours, and the old one: only "unlock" removes what may live elsewhere.
        }
        Assert.Equal(1, await RepositoryLock.RemoveAsync(repository, all: false, CancellationToken.None));
    }

    [Theory]
    [InlineData("elsewhere", 1)]
    [InlineData("here", 1)] // Runs, and is somebody else's.
    public async Task A_young_lock_bars_and_stays_until_all_are_removed(string hostname, int pid)
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        await StoreLockAsync(repository, hostname, pid, TimeSpan.FromMinutes(29));

        await AssertLockedAsync(repository, LockMode.Exclusive);
        Assert.Equal(0, await RepositoryLock.RemoveAsync(repository, all: false, CancellationToken.None));
        Assert.Equal(1, await RepositoryLock.RemoveAsync(repository, all: true, CancellationToken.None));
        await (await AcquireAsync(repository, LockMode.Exclusive)).DisposeAsync();
    }

    [Fact]
    public async Task A_lock_is_refreshed_and_outlives_the_age_of_stale_ones()
    {
        var (storage, clock, repository) = await OpenWithClockAsync();
        using var opened = repository;
        await using var held = await AcquireOnAsync(clock, repository, LockMode.Exclusive);
        var first = Assert.Single(await Backups.ListAsync(storage, FileKind.Lock)).Key;

        for (var minutes = 0; minutes < 60; minutes += 5)
        {
            var before = Assert.Single(await Backups.ListAsync(storage, FileKind.Lock)).Key;
            clock.Advance(RepositoryLock.RefreshInterval);
            await UntilAsync(async () => await Backups.ListAsync(storage, FileKind.Lock) is [var only] && only.Key != before);
            await held.EnsureHeldAsync(CancellationToken.None);
        }

        Assert.NotEqual(first, Assert.Single(await Backups.ListAsync(storage, FileKind.Lock)).Key);
    }

    [Fact]
    public async Task A_lock_that_was_not_refreshed_in_time_stays_lost()
    {
        var (_, clock, repository) = await OpenWithClockAsync();
        using var opened = repository;
        await using var held = await AcquireOnAsync(clock, repository, LockMode.Shared);
        held.EnsureFresh();

        clock.Sleep(RepositoryLock.FreshFor + TimeSpan.FromSeconds(1)); // No timer fires: the machine sleeps.
        AssertLost(held.EnsureFresh);
        clock.Advance(RepositoryLock.RefreshInterval); // It wakes up, and the refresh would succeed.
        AssertLost(held.EnsureFresh);
        Assert.True(held.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_removed_lock_file_stops_the_writer_before_its_index_and_its_snapshot()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        var files = Backups.Files(1);
        await using (var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None))
        await using (var intake = new Larder.Repository.Writing.ContentIntake([writer], 1))
        {
            await Backups.FeedAsync(intake, repository.CreateChunker(Larder.Repository.Chunking.ChunkSizes.Around(4096)), files);
            await RemoveLocksAsync(storage);
            Assert.Equal(RepositoryError.LockLost, (await Assert.ThrowsAsync<RepositoryException>(() => intake.CompleteAsync(CancellationToken.None))).Error);
            Assert.Empty(await Backups.ListAsync(storage, FileKind.Index));
        }
        await using (var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None))
        await using (var intake = new Larder.Repository.Writing.ContentIntake([writer], 1))
        {
            var root = await Backups.FeedAsync(intake, repository.CreateChunker(Larder.Repository.Chunking.ChunkSizes.Around(4096)), files);
            await intake.CompleteAsync(CancellationToken.None);
            await RemoveLocksAsync(storage);
            var failure = await Assert.ThrowsAsync<RepositoryException>(() => Backups.CommitAsync(writer, root, files));
            Assert.Equal(RepositoryError.LockLost, failure.Error);
            Assert.Empty(await Backups.ListAsync(storage, FileKind.Snapshot));
        }
        await Backups.AssertHoldsAsync(storage, []);
    }

    [Fact]
    public async Task A_lock_file_that_cannot_be_read_counts_as_held()
    {
        var storage = await Backups.NewStorageAsync();
        using var repository = await Backups.OpenAsync(storage);
        storage.Damage(new StorageKey(FileKind.Lock, Hash256.Random()), SeededBytes.Noise(200, 1));

        await AssertLockedAsync(repository, LockMode.Shared);
        Assert.Equal(1, await RepositoryLock.RemoveAsync(repository, all: false, CancellationToken.None));
    }

    private static Task<RepositoryLock> AcquireAsync(Repository repository, LockMode mode) =>
        RepositoryLock.AcquireAsync(repository, mode, CancellationToken.None);

    private static async Task AssertLockedAsync(Repository repository, LockMode mode) =>
        Assert.Equal(RepositoryError.Locked, (await Assert.ThrowsAsync<RepositoryException>(() => AcquireAsync(repository, mode))).Error);

    private static void AssertLost(Action use) => Assert.Equal(RepositoryError.LockLost, Assert.Throws<RepositoryException>(use).Error);

    private static async Task RemoveLocksAsync(IStorage storage)
    {
        foreach (var file in await Backups.ListAsync(storage, FileKind.Lock))
        {
            await storage.DeleteAsync(file.Key, CancellationToken.None);
        }
    }

    private static Task StoreLockAsync(Repository repository, string hostname, int pid, TimeSpan age)
    {
        var file = new LockFile
        {
            Time = repository.Options.Clock.GetLocalNow() - age, Exclusive = false, Hostname = hostname, Username = "somebody", Pid = pid,
        };
        return repository.StoreUnpackedAsync(FileKind.Lock, file.Encode(), CancellationToken.None);
    }

    private static async Task<(MemoryStorage Storage, SleepyClock Clock, Repository Repository)> OpenWithClockAsync()
    {
        var storage = await Backups.NewStorageAsync();
        var clock = new SleepyClock();
        return (storage, clock, await Repository.OpenAsync(storage, Backups.Password, Backups.Options with { Clock = clock }, CancellationToken.None));
    }

    private static async Task<RepositoryLock> AcquireOnAsync(SleepyClock clock, Repository repository, LockMode mode)
    {
        var acquiring = AcquireAsync(repository, mode);
        await clock.Inner.WaitForTimersAsync(1, CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(1));
        var held = await acquiring;
        await clock.Inner.WaitForTimersAsync(1, CancellationToken.None);
        return held;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await condition())
        {
            bound.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>A test clock whose wall time can go on without a timer firing and without the monotonic time, as when a machine sleeps.</summary>
    private sealed class SleepyClock : TimeProvider
    {
        private TimeSpan slept;

        public TestClock Inner { get; } = new();

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override long TimestampFrequency => Inner.TimestampFrequency;

        public void Sleep(TimeSpan time) => slept += time;

        public void Advance(TimeSpan time) => Inner.Advance(time);

        public override DateTimeOffset GetUtcNow() => Inner.GetUtcNow() + slept;

        public override long GetTimestamp() => Inner.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            Inner.CreateTimer(callback, state, dueTime, period);
    }
}
