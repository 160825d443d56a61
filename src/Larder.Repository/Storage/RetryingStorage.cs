using System.Buffers;
using System.Runtime.CompilerServices;

namespace Larder.Repository.Storage;

/// <summary>
/// Repeats calls whose failure says that it may pass (<see cref="RepositoryException.IsTransient"/>), with growing waits. Every call of the
/// contract may be repeated; a put whose answer was lost succeeds the second time, for <c>config</c> only when the stored bytes are ours.
/// </summary>
public sealed class RetryingStorage : IStorage
{
    private readonly IStorage inner;
    private readonly RetryPolicy policy;
    private readonly TimeProvider time;
    private readonly Random jitter;

    /// <param name="seed">Where the jitter starts: different for every process, or fixed for a repeatable run.</param>
    public RetryingStorage(IStorage inner, RetryPolicy policy, TimeProvider time, int seed)
    {
        (this.inner, this.policy, this.time) = (inner, policy, time);
        jitter = new Random(seed);
    }

    public string Location => inner.Location;

    public TimeSpan ListingDelay => inner.ListingDelay;

    public async Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        var attempts = new Attempts(this);
        while (true)
        {
            try
            {
                await inner.PutAsync(key, content, cancellationToken);
                return;
            }
            catch (RepositoryException failure) when (failure.IsTransient)
            {
                await attempts.WaitAsync(failure, cancellationToken);
            }
            catch (RepositoryException failure)
                when (failure.Error == RepositoryError.AlreadyExists && key.Kind == FileKind.Config && attempts.Failures > 0)
            {
                if (!await HoldsAsync(key, content, cancellationToken))
                {
                    throw;
                }
                return;
            }
        }
    }

    public Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        RepeatAsync(() => inner.ReadAsync(key, offset, destination, cancellationToken), cancellationToken);

    public Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken) =>
        RepeatAsync(() => inner.FindLengthAsync(key, cancellationToken), cancellationToken);

    public async IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A listing has no order, so a repeated one starts over and passes over what was seen.
        // A name takes about 50 bytes here: 5 MB for 100,000 packs, which hold 1.6 TB.
        var seen = new HashSet<Hash256>();
        var attempts = new Attempts(this);
        var listing = inner.ListAsync(kind, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            while (true)
            {
                bool any;
                try
                {
                    any = await listing.MoveNextAsync();
                }
                catch (RepositoryException failure) when (failure.IsTransient)
                {
                    await attempts.WaitAsync(failure, cancellationToken);
                    await listing.DisposeAsync();
                    listing = inner.ListAsync(kind, cancellationToken).GetAsyncEnumerator(cancellationToken);
                    continue;
                }
                if (!any)
                {
                    yield break;
                }
                if (seen.Add(listing.Current.Key.Name))
                {
                    yield return listing.Current;
                }
            }
        }
        finally
        {
            await listing.DisposeAsync();
        }
    }

    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken) => RepeatAsync(
        async () =>
        {
            await inner.DeleteAsync(key, cancellationToken);
            return true;
        },
        cancellationToken);

    private async Task<T> RepeatAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        var attempts = new Attempts(this);
        while (true)
        {
            try
            {
                return await call();
            }
            catch (RepositoryException failure) when (failure.IsTransient)
            {
                await attempts.WaitAsync(failure, cancellationToken);
            }
        }
    }

    private async Task<bool> HoldsAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        // One byte more than ours, to notice a longer file.
        var stored = new byte[content.Length + 1];
        var read = await ReadAsync(key, 0, stored, cancellationToken);
        return read == content.Length && stored.AsSpan(0, read).SequenceEqual(content.ToArray());
    }

    private double NextJitter()
    {
        lock (jitter)
        {
            return jitter.NextDouble();
        }
    }

    /// <summary>The attempts of one call.</summary>
    private sealed class Attempts(RetryingStorage owner)
    {
        private long firstFailureAt;

        public int Failures { get; private set; }

        /// <summary>Waits for the next attempt, or fails with the last failure when there is none.</summary>
        public async Task WaitAsync(RepositoryException failure, CancellationToken cancellationToken)
        {
            Failures++;
            firstFailureAt = Failures == 1 ? owner.time.GetTimestamp() : firstFailureAt;
            var delay = owner.policy.Delay(Failures, owner.NextJitter());
            var elapsed = owner.time.GetElapsedTime(firstFailureAt);
            if (Failures >= owner.policy.AttemptsMax || elapsed + delay > owner.policy.TotalMax)
            {
                throw new RepositoryException(
                    failure.Error, $"{failure.Message} It was tried {Failures} times within {elapsed.TotalSeconds:0} s.", failure)
                {
                    File = failure.File,
                    Location = failure.Location,
                };
            }
            await Task.Delay(delay, owner.time, cancellationToken);
        }
    }
}
