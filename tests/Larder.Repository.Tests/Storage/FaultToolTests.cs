using System.Buffers;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Storage;

/// <summary>The tools that are to find broken promises find them.</summary>
public sealed class FaultToolTests
{
    private static readonly StorageKey First = new(FileKind.Pack, Hash256.Of([1]));
    private static readonly StorageKey Second = new(FileKind.Pack, Hash256.Of([2]));

    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_of_a_run_is_struck_once_by_each_fault_that_can_strike_it()
    {
        var stored = new List<(int Count, bool HasSecond)>();

        var result = await NthFailure.RunAsync(
            PutTwiceAndReadAsync,
            async inner => stored.Add((((MemoryStorage)inner).Count, await inner.FindLengthAsync(Second, None) is not null)),
            [FaultKind.Error, FaultKind.LostAnswer, FaultKind.ShortWrite, FaultKind.FullDisk],
            () => new MemoryStorage(),
            seed: 1);

        (int, bool)[] error = [(0, false), (1, false), (2, true), (2, true)];
        (int, bool)[] lostAnswer = [(1, false), (2, true), (2, true), (2, true)];
        (int, bool)[] putsOnly = [(0, false), (1, false), (2, true)];
        Assert.Equal([.. error, .. lostAnswer, .. putsOnly, .. putsOnly], stored);
        Assert.Equal(10, result.Faults);
        Assert.Empty(result.Absorbed);
    }

    [Fact]
    public async Task A_flipped_bit_changes_one_bit_of_one_read_and_nothing_stored()
    {
        var inner = new MemoryStorage();
        await inner.PutAsync(First, new ReadOnlySequence<byte>(new byte[100]), None);
        var faulty = new FaultyStorage(inner, new FaultPlan(FaultKind.BitFlip, 2, Seed: 4));

        var bits = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            bits.Add((await faulty.ReadAllAsync(First, 100, None)).Sum(value => int.PopCount(value)));
        }

        Assert.Equal([0, 1, 0], bits);
        Assert.All(await inner.ReadAllAsync(First, 100, None), value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task A_broken_promise_is_reported_with_its_fault()
    {
        var failure = await Assert.ThrowsAsync<TestFailedException>(() => NthFailure.RunAsync(
            PutTwiceAndReadAsync,
            async inner => Assert.Equal(await inner.FindLengthAsync(First, None), await inner.FindLengthAsync(Second, None)),
            [FaultKind.Error],
            () => new MemoryStorage(),
            seed: 1));

        Assert.Contains("Error at operation 2 (seed 3) on put of pack", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operation_that_fails_in_its_own_way_or_without_a_fault_is_reported()
    {
        var foreign = await RunAsync(async faulty =>
        {
            try
            {
                await PutTwiceAndReadAsync(faulty);
            }
            catch (RepositoryException failure)
            {
                throw new InvalidOperationException("lost its way", failure);
            }
        });
        var faultless = await RunAsync(faulty => faulty.ReadAsync(First, 0, new byte[1], None));
        var idle = await RunAsync(_ => Task.CompletedTask);

        Assert.Contains("InvalidOperationException, not a RepositoryException: lost its way", foreign.Message, StringComparison.Ordinal);
        Assert.Contains("failed with no fault", faultless.Message, StringComparison.Ordinal);
        Assert.Contains("never struck", idle.Message, StringComparison.Ordinal);

        static Task<TestFailedException> RunAsync(Func<FaultyStorage, Task> operation) => Assert.ThrowsAsync<TestFailedException>(() =>
            NthFailure.RunAsync(operation, _ => Task.CompletedTask, [FaultKind.Error], () => new MemoryStorage(), seed: 1));
    }

    [Fact]
    public async Task A_fault_that_was_survived_is_counted_as_absorbed()
    {
        var result = await NthFailure.RunAsync(
            async faulty =>
            {
                try
                {
                    await faulty.DeleteAsync(First, None);
                }
                catch (RepositoryException)
                {
                    // Deleting is only tidying up here.
                }
            },
            _ => Task.CompletedTask,
            [FaultKind.Error],
            () => new MemoryStorage(),
            seed: 1);

        Assert.StartsWith("Error at operation 1 (seed 2) on delete of pack", Assert.Single(result.Absorbed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failing_seeded_test_names_a_seed_that_fails_again()
    {
        int drawn = 0, drawnAgain = 0;
        var failure = await Assert.ThrowsAsync<TestFailedException>(() => SeededRandom.RunManyAsync(
            50,
            random =>
            {
                drawn = random.Next(10);
                return drawn == 7 ? throw new InvalidOperationException("seven") : Task.CompletedTask;
            }));

        var seed = failure.Message.Split($"{SeededRandom.Variable}=")[1];
        drawnAgain = new Random(int.Parse(seed, System.Globalization.CultureInfo.InvariantCulture)).Next(10);
        Assert.Equal(7, drawn);
        Assert.Equal(7, drawnAgain);
        Assert.StartsWith("seven", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_clock_fires_timers_in_order_each_at_its_own_moment()
    {
        var clock = new TestClock();
        var start = clock.GetUtcNow();
        var fired = new List<(string Name, double Seconds)>();
        await using var late = clock.CreateTimer(_ => Fire("late"), null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        await using var often = clock.CreateTimer(_ => Fire("often"), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        var delay = Task.Delay(TimeSpan.FromSeconds(3), clock, None);

        clock.Advance(TimeSpan.FromSeconds(2.5));
        Assert.False(delay.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(4));
        await delay;
        await often.DisposeAsync();
        clock.Advance(TimeSpan.FromSeconds(100));

        Assert.Equal([("often", 2), ("often", 4), ("late", 5), ("often", 6)], fired);
        Assert.Equal(106.5, (clock.GetUtcNow() - start).TotalSeconds);
        Assert.Equal(0, clock.TimerCount);

        void Fire(string name) => fired.Add((name, (clock.GetUtcNow() - start).TotalSeconds));
    }

    private static async Task PutTwiceAndReadAsync(FaultyStorage storage)
    {
        await storage.PutAsync(First, new ReadOnlySequence<byte>([1]), None);
        await storage.PutAsync(Second, new ReadOnlySequence<byte>([2]), None);
        await storage.ReadAsync(First, 0, new byte[1], None);
    }
}
