namespace Larder.Repository.Writing;

/// <summary>A stream whose chunks are on their way: the ids arrive from several workers, in any order.</summary>
public sealed class PendingContent
{
    private readonly TaskCompletionSource<StoredContent> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly List<BlobId> ids = [];
    private long bytes;
    private int missing;
    private bool isWhole;

    /// <summary>
    /// Done when every chunk has its id and its place in a pack. Not yet durable: that is <see cref="RepositoryWriter.CompleteAsync"/>.
    /// </summary>
    public Task<StoredContent> Completion => completion.Task;

    /// <returns>The place of the new chunk.</returns>
    internal int Expect(int chunkBytes)
    {
        lock (gate)
        {
            ids.Add(default);
            bytes += chunkBytes;
            missing++;
            return ids.Count - 1;
        }
    }

    internal void Set(int place, BlobId id)
    {
        lock (gate)
        {
            ids[place] = id;
            missing--;
        }
        CompleteIfWhole();
    }

    /// <summary>The stream has ended: no chunk follows.</summary>
    internal void End()
    {
        lock (gate)
        {
            isWhole = true;
        }
        CompleteIfWhole();
    }

    internal void Fail(Exception exception)
    {
        completion.TrySetException(exception);
        _ = completion.Task.Exception; // Marked as seen: the intake throws the same exception to its caller.
    }

    private void CompleteIfWhole()
    {
        lock (gate)
        {
            if (!isWhole || missing > 0)
            {
                return;
            }
        }
        completion.TrySetResult(new StoredContent(ids, bytes));
    }
}
