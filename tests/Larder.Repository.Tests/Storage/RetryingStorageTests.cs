using System.Buffers;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Storage;

public sealed class RetryingStorageTests
{
    private static readonly byte[] Content = [1, 2, 3, 4];
    private static readonly StorageKey Pack = new(FileKind.Pack, Hash256.Of(Content));

    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_passing_failure_of_any_operation_is_absorbed()
    {
        var clock = new TestClock { AdvancesByItself = true };
        var before = new MemoryStorage();
        for (var i = 0; i < 20; i++)
        {
            await before.PutAsync(new StorageKey(FileKind.Index, Hash256.Of([(byte)i])), new ReadOnlySequence<byte>(Content), None);
        }

        var result = await NthFailure.RunAsync(
            operation: async faulty =>
            {
                var storage = new RetryingStorage(faulty, new RetryPolicy(), clock, seed: 3);
                await storage.PutAsync(StorageKey.Config, new ReadOnlySequence<byte>(Content), None);
                await storage.PutAsync(Pack, new ReadOnlySequence<byte>(Content), None);
                Assert.Equal(Content, await storage.ReadAllAsync(Pack, 100, None));
                var names = new List<Hash256>();
                await foreach (var file in storage.ListAsync(FileKind.Index, None))
                {
                    names.Add(file.Key.Name);
                }
                Assert.Equal(20, names.Count);
                Assert.Equal(20, names.Distinct().Count());
                await storage.DeleteAsync(Pack, None);
            },
            afterEach: async inner =>
            {
                Assert.Equal(Content, await inner.ReadAllAsync(StorageKey.Config, 100, None));
                Assert.Null(await inner.FindLengthAsync(Pack, None));
            },
            kinds: [FaultKind.Error, FaultKind.LostAnswer, FaultKind.ShortWrite],
            fresh: before.Copy,
            seed: 1);

        Assert.Equal(result.Faults, result.Absorbed.Count);
        Assert.Equal(6 + 6 + 2, result.Faults);
    }

    [Fact]
    public async Task A_config_of_somebody_else_is_not_taken_for_ours_after_a_lost_answer()
    {
        var inner = new MemoryStorage();
        var faulty = new FaultyStorage(inner, new FaultPlan(FaultKind.Error, 1, 0));
        await inner.PutAsync(StorageKey.Config, new ReadOnlySequence<byte>([4, 3, 2, 1]), None);
        var storage = new RetryingStorage(faulty, new RetryPolicy(), new TestClock { AdvancesByItself = true }, seed: 1);

        var failure = await Assert.ThrowsAsync<RepositoryException>(() =>
            storage.PutAsync(StorageKey.Config, new ReadOnlySequence<byte>(Content), None));

        Assert.True(faulty.FaultReached);
        Assert.Equal(RepositoryError.AlreadyExists, failure.Error);
    }

    [Fact]
    public async Task What_will_not_pass_is_tried_once()
    {
        var full = new FaultyStorage(new MemoryStorage(), new FaultPlan(FaultKind.FullDisk, 1, 0));
        var storage = new RetryingStorage(full, new RetryPolicy(), new TestClock(), seed: 1);

        var failure = await Assert.ThrowsAsync<RepositoryException>(() =>
            storage.PutAsync(Pack, new ReadOnlySequence<byte>(Content), None));
        var missing = await Assert.ThrowsAsync<RepositoryException>(() => storage.ReadAsync(Pack, 0, new byte[1], None));

        Assert.Equal(RepositoryError.StorageFull, failure.Error);
        Assert.Equal(RepositoryError.FileMissing, missing.Error);
        Assert.Equal(2, full.Operations);
    }

    [Theory]
    [InlineData(5, 3_600, 5)]
    [InlineData(1_000, 60, 8)]
    public async Task Failures_that_do_not_pass_end_within_the_bounds(int attemptsMax, int totalSecondsMax, int attemptsExpectedMax)
    {
        var clock = new TestClock { AdvancesByItself = true };
        var startedAt = clock.GetUtcNow();
        var broken = new BrokenStorage();
        var policy = new RetryPolicy { AttemptsMax = attemptsMax, TotalMax = TimeSpan.FromSeconds(totalSecondsMax) };
        var storage = new RetryingStorage(broken, policy, clock, seed: 5);

        var failure = await Assert.ThrowsAsync<RepositoryException>(() => storage.DeleteAsync(Pack, None));

        Assert.InRange(broken.Calls, 5, attemptsExpectedMax);
        Assert.InRange(clock.GetUtcNow() - startedAt, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(totalSecondsMax));
        Assert.Contains($"tried {broken.Calls} times", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.IsTransient); // Whoever wraps this one again need not repeat it.
    }

    [Fact]
    public async Task A_wait_ends_when_it_is_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        var clock = new TestClock();
        var storage = new RetryingStorage(new BrokenStorage(), new RetryPolicy(), clock, seed: 5);

        var delete = storage.DeleteAsync(Pack, cancellation.Token);
        await clock.WaitForTimersAsync(1, None);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delete);
    }

    [Fact]
    public void Waits_double_up_to_the_longest_and_jitter_takes_at_most_half()
    {
        var policy = new RetryPolicy { FirstDelay = TimeSpan.FromSeconds(1), DelayMax = TimeSpan.FromSeconds(10) };

        Assert.Equal([0.5, 1, 2, 4, 5, 5], Enumerable.Range(1, 6).Select(failures => policy.Delay(failures, 0).TotalSeconds));
        Assert.Equal([1, 2, 4, 8, 10, 10], Enumerable.Range(1, 6).Select(failures => policy.Delay(failures, 1).TotalSeconds));
        Assert.Equal(10, policy.Delay(int.MaxValue, 1).TotalSeconds);
    }

    private sealed class BrokenStorage : IStorage
    {
        public string Location => "broken";

        public TimeSpan ListingDelay => TimeSpan.Zero;

        public int Calls { get; private set; }

        public Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken) => throw Failure();

        public Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
            throw Failure();

        public Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken) => throw Failure();

        public IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, CancellationToken cancellationToken) => throw Failure();

        public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken) => throw Failure();

        private RepositoryException Failure()
        {
            Calls++;
            return new RepositoryException(RepositoryError.StorageFailed, "The line is cut.") { IsTransient = true };
        }
    }
}
