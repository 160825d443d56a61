using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Storage;

namespace Larder.Repository.Reading;

/// <summary>
/// Reads blobs in the order they are asked for, several groups ahead: neighbours in a pack become one ranged read, and each box is checked
/// (MAC, compression, hash) before its bytes are handed out. A copy that is damaged is looked for in another pack before it is an error.
/// Memory: at most four groups of 8 MiB of plaintext and as much of boxes, 64 MiB, whatever is read.
/// </summary>
public sealed class BlobReader(Repository repository, MasterIndex index)
{
    private const int GroupPlainBytesMax = 8 << 20;
    private const int GroupBlobsMax = 2048;
    private const int GroupsAheadMax = 2; // Plus the one being handed out and the one waiting for room: four.

    // Reading over a gap this small is cheaper than asking twice.
    private const int GapBytesMax = 64 << 10;
    private const int RangeBytesMax = 8 << 20;

    /// <summary>Reads data blobs in order.</summary>
    /// <param name="ids">Asked for some groups ahead of what has been handed out.</param>
    /// <returns>The plaintext of each blob, valid until the next one is asked for.</returns>
    /// <exception cref="RepositoryException"><see cref="RepositoryError.BlobMissing"/> or <see cref="RepositoryError.Damaged"/>, when its turn comes.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        IEnumerable<BlobId> ids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var workspaces = new WorkspacePool();
        var ahead = Channel.CreateBounded<Task<BlobGroup>>(GroupsAheadMax);
        var planning = Task.Run(() => PlanAsync(ids, workspaces, ahead.Writer, stopping.Token), stopping.Token);
        try
        {
            await foreach (var reading in ahead.Reader.ReadAllAsync(cancellationToken))
            {
                var group = await reading;
                foreach (var plain in group.InOrder())
                {
                    yield return plain;
                }
                workspaces.Return(group.Workspace!);
            }
            await planning;
        }
        finally
        {
            await stopping.CancelAsync();
            ahead.Writer.TryComplete();
            await EndAsync(planning);
            while (ahead.Reader.TryRead(out var reading))
            {
                await EndAsync(reading);
            }
        }
    }

    /// <summary>Reads one blob.</summary>
    public async Task<byte[]> ReadOneAsync(BlobKind kind, BlobId id, CancellationToken cancellationToken)
    {
        using var opener = new BlobOpener();
        return await ReadAnyCopyAsync(kind, id, opener, cancellationToken);
    }

    private async Task PlanAsync(
        IEnumerable<BlobId> ids, WorkspacePool workspaces, ChannelWriter<Task<BlobGroup>> ahead, CancellationToken cancellationToken)
    {
        try
        {
            var group = new BlobGroup();
            foreach (var id in ids)
            {
                if (!index.TryFind(BlobKind.Data, id, out var location))
                {
                    throw Missing(BlobKind.Data, id);
                }
                if (group.Count > 0 && (group.PlainBytes + location.PlainBytes > GroupPlainBytesMax || group.Count >= GroupBlobsMax))
                {
                    await StartAsync(group);
                    group = new BlobGroup();
                }
                group.Add(id, location);
            }
            await StartAsync(group);
            ahead.Complete();
        }
        catch (Exception e)
        {
            ahead.TryComplete(e);
        }

        async ValueTask StartAsync(BlobGroup group)
        {
            if (!await ahead.WaitToWriteAsync(cancellationToken))
            {
                throw new OperationCanceledException();
            }
            var reading = Task.Run(() => ReadGroupAsync(group, workspaces.Rent(), cancellationToken), cancellationToken);
            if (!ahead.TryWrite(reading))
            {
                await EndAsync(reading); // Nobody will take it, and its workspace is about to go.
                throw new OperationCanceledException();
            }
        }
    }

    /// <summary>Waits for a task, however it ends.</summary>
    private static Task EndAsync(Task task) =>
        task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private async Task<BlobGroup> ReadGroupAsync(BlobGroup group, GroupWorkspace workspace, CancellationToken cancellationToken)
    {
        var opener = workspace.Opener;
        group.Allocate(workspace);
        foreach (var range in group.Ranges(GapBytesMax, RangeBytesMax))
        {
            var boxes = workspace.Boxes(range.LengthBytes);
            var readBytes = await TryReadRangeAsync(range, boxes, cancellationToken);
            foreach (var place in range.Blobs)
            {
                var (id, location) = group.At(place);
                var offset = (int)(location.OffsetBytes - range.OffsetBytes);
                var isWhole = offset + location.BoxBytes <= readBytes
                    && opener.TryOpen(repository.Key, id, location, boxes.AsSpan(offset, (int)location.BoxBytes), group.PlainAt(place).Span);
                if (!isWhole)
                {
                    (await ReadAnyCopyAsync(BlobKind.Data, id, opener, cancellationToken)).CopyTo(group.PlainAt(place));
                }
            }
        }
        return group;
    }

    /// <returns>How many bytes were read; none where the pack is missing, so that other copies are tried.</returns>
    private async Task<int> TryReadRangeAsync(PackRead range, byte[] boxes, CancellationToken cancellationToken)
    {
        try
        {
            return await repository.Storage.ReadAsync(StorageKey.Of(range.Pack), range.OffsetBytes, boxes.AsMemory(0, range.LengthBytes), cancellationToken);
        }
        catch (RepositoryException e) when (e.Error == RepositoryError.FileMissing)
        {
            return 0;
        }
    }

    private async Task<byte[]> ReadAnyCopyAsync(BlobKind kind, BlobId id, BlobOpener opener, CancellationToken cancellationToken)
    {
        RepositoryException? failure = null;
        foreach (var location in index.FindAll(kind, id))
        {
            try
            {
                var box = new byte[location.BoxBytes];
                var plain = new byte[location.PlainBytes];
                var read = await repository.Storage.ReadAsync(StorageKey.Of(location.Pack), location.OffsetBytes, box, cancellationToken);
                if (read == box.Length && opener.TryOpen(repository.Key, id, location, box, plain))
                {
                    return plain;
                }
                failure = PackReader.Damaged(repository.Storage, location.Pack, $"the blob {id.ToString()[..8]} in it does not open");
            }
            catch (RepositoryException e) when (e.Error == RepositoryError.FileMissing)
            {
                failure = e;
            }
        }
        throw failure ?? Missing(kind, id);
    }

    private RepositoryException Missing(BlobKind kind, BlobId id) => new(
        RepositoryError.BlobMissing,
        $"{(kind == BlobKind.Tree ? "the directory listing" : "the blob")} {id.ToString()[..8]} is in no index of the repository at {repository.Location}")
    {
        Location = repository.Location,
    };
}
