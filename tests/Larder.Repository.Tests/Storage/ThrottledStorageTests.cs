using System.Buffers;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Storage;

public sealed class ThrottledStorageTests
{
    private const int Second = 1_000_000; // Bytes, at the rate of these tests.

    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Puts_take_the_time_that_their_bytes_are_worth()
    {
        var clock = new TestClock { AdvancesByItself = true };
        var storage = new ThrottledStorage(new MemoryStorage(), Second, 0, clock);
        var startedAt = clock.GetUtcNow();

        for (var i = 0; i < 11; i++)
        {
            await PutAsync(storage, i, Second / 2);
        }

        // The first goes at once; each of the ten others waits for the half second of the one before it.
        Assert.Equal(5.0, (clock.GetUtcNow() - startedAt).TotalSeconds, 0.01);
    }

    [Fact]
    public async Task Parallel_puts_share_one_rate()
    {
        var clock = new TestClock();
        var storage = new ThrottledStorage(new MemoryStorage(), Second, 0, clock);

        var puts = Enumerable.Range(0, 5).Select(i => PutAsync(storage, i, Second)).ToList();
        for (var done = 1; done <= 5; done++)
        {
            await Task.WhenAll(puts.Take(done)); // They pass in the order in which they asked.
            Assert.Equal(5 - done, clock.TimerCount);
            clock.Advance(TimeSpan.FromSeconds(0.999));
            Assert.Equal(5 - done, clock.TimerCount);
            clock.Advance(TimeSpan.FromSeconds(0.001));
        }
    }

    [Fact]
    public async Task A_long_read_flows_in_pieces_and_only_bytes_that_came_are_paid_for()
    {
        var clock = new TestClock();
        var inner = new MemoryStorage();
        var key = await PutAsync(inner, 1, Second);
        var faulty = new FaultyStorage(inner, FaultPlan.None);
        var storage = new ThrottledStorage(faulty, 0, Second, clock);

        var read = storage.ReadAsync(key, 0, new byte[3 * Second], None);
        for (var quarter = 1; quarter <= 4; quarter++)
        {
            await clock.WaitForTimersAsync(1, None);
            Assert.Equal(quarter, faulty.Operations);
            clock.Advance(TimeSpan.FromSeconds(0.25));
        }
        Assert.Equal(Second, await read);

        // The file ended: the fifth piece brought nothing and cost nothing.
        Assert.Equal(4, await storage.ReadAsync(key, 0, new byte[4], None));
        Assert.Equal(0, clock.TimerCount);
    }

    [Fact]
    public async Task Idle_time_earns_no_burst()
    {
        var clock = new TestClock();
        var storage = new ThrottledStorage(new MemoryStorage(), Second, 0, clock);
        clock.Advance(TimeSpan.FromHours(1));

        await PutAsync(storage, 1, Second);
        var second = PutAsync(storage, 2, Second);

        Assert.False(second.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        await second;
    }

    [Fact]
    public async Task A_cancelled_wait_gives_its_bytes_back()
    {
        var clock = new TestClock();
        var storage = new ThrottledStorage(new MemoryStorage(), Second, 0, clock);
        using var cancellation = new CancellationTokenSource();
        await PutAsync(storage, 1, Second);
        var bytes = new byte[100 * Second];
        var key = new StorageKey(FileKind.Pack, Hash256.Of(bytes));
        var cancelled = storage.PutAsync(key, new ReadOnlySequence<byte>(bytes), cancellation.Token);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        var next = PutAsync(storage, 3, 10);

        clock.Advance(TimeSpan.FromSeconds(1));
        await next;
    }

    [Fact]
    public async Task Without_a_limit_nobody_waits()
    {
        var clock = new TestClock();
        var storage = new ThrottledStorage(new MemoryStorage(), 0, 0, clock);

        var key = await PutAsync(storage, 1, 40 * Second);
        Assert.Equal(40 * Second, await storage.ReadAsync(key, 0, new byte[50 * Second], None));
        Assert.Equal(0, clock.TimerCount);
    }

    private static async Task<StorageKey> PutAsync(IStorage storage, int seed, int length)
    {
        var key = new StorageKey(FileKind.Pack, Hash256.Of(BitConverter.GetBytes(seed)));
        await storage.PutAsync(key, new ReadOnlySequence<byte>(new byte[length]), None);
        return key;
    }
}
