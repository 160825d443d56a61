using System.Buffers;
using System.Runtime.CompilerServices;
using Larder.Repository.Maintenance;
using Larder.Repository.Storage;

namespace Larder.Repository.Tests;

/// <summary>The token is cancelled at storage operation 1, 2, 3…, and a put may hang until it is: nothing waits for ever, nothing is lost, and a second try works.</summary>
[Trait("Kind", "campaign")]
public sealed class CancelEverywhereTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_backup(bool hangs) => HoldsAsync(
        hangs, (storage, cancellationToken) => Backups.StoreAsync(storage, Backups.Files(3), cancellationToken: cancellationToken));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_prune(bool hangs) => HoldsAsync(
        hangs, (storage, cancellationToken) => Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 }, cancellationToken));

    private static async Task HoldsAsync(bool hangs, Func<IStorage, CancellationToken, Task> operation)
    {
        var before = await Backups.NewStorageAsync();
        var forgotten = await Backups.StoreAsync(before, Backups.Files(1));
        StoredBackup[] backups = [await Backups.StoreAsync(before, Backups.Files(2))];
        await Backups.ForgetAsync(before, forgotten.Id);

        for (var n = 1; ; n++)
        {
            Assert.True(n < 500, "The operation does ever more.");
            var inner = before.Copy();
            using var cancelling = new CancellationTokenSource();
            var storage = new CancellingStorage(inner, cancelling, n, hangs);
            var isCancelled = false;
            try
            {
                await operation(storage, cancelling.Token).WaitAsync(Bound);
            }
            catch (OperationCanceledException)
            {
                isCancelled = true;
            }
            Assert.Empty(await Backups.ListAsync(inner, FileKind.Lock));
            await Backups.AssertHoldsAsync(inner, backups);
            await operation(inner, CancellationToken.None).WaitAsync(Bound);
            await Backups.AssertHoldsAsync(inner, backups);
            if (!isCancelled && !cancelling.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Cancels the operation's token when the n-th call begins; where it hangs, that call, if it is a put, ends only by its own token.</summary>
    private sealed class CancellingStorage(IStorage inner, CancellationTokenSource cancelling, int at, bool hangs) : IStorage
    {
        private int calls;

        public string Location => inner.Location;

        public TimeSpan ListingDelay => inner.ListingDelay;

        public async Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
        {
            if (Count() && hangs)
            {
                var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await never.Task.WaitAsync(cancellationToken);
            }
            await inner.PutAsync(key, content, cancellationToken);
        }

        public Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            Count();
            return inner.ReadAsync(key, offset, destination, cancellationToken);
        }

        public Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken)
        {
            Count();
            return inner.FindLengthAsync(key, cancellationToken);
        }

        public async IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Count();
            await foreach (var file in inner.ListAsync(kind, cancellationToken))
            {
                yield return file;
            }
        }

        public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken)
        {
            Count();
            return inner.DeleteAsync(key, cancellationToken);
        }

        private bool Count()
        {
            var isIt = Interlocked.Increment(ref calls) == at;
            if (isIt)
            {
                cancelling.Cancel();
            }
            return isIt;
        }
    }
}
