using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Larder.Repository.Index;
using Larder.Repository.Packs;
using Larder.Repository.Storage;

namespace Larder.Repository.Reading;

/// <summary>
/// Reads blobs in the order they are asked for, several groups ahead: neighbours in a pack become one ranged read, and each box is checked
/// (MAC, compression, hash) before its bytes are handed out. A copy that is damaged is looked for in another pack before it is an error,
/// and where a pack or a blob is not found the index is read once more: somebody may have pruned since.
/// Memory: at most four groups of 4 MiB of plaintext and as much of boxes, 32 MiB, whatever is read (a larger blob is a group of its own);
/// less where <see cref="WithGroups"/> asks for it.
/// </summary>
public sealed class BlobReader
{
    private const int DefaultGroupPlainBytesMax = 4 << 20;
    private const int GroupBlobsMax = 2048;
    private const int GroupsAheadMax = 2; // Plus the one being handed out and the one waiting for room: four.

    // Reading over a gap this small is cheaper than asking twice.
    private const int GapBytesMax = 64 << 10;
    private const int RangeBytesMax = 4 << 20;

    private readonly Repository repository;
    private readonly int groupPlainBytesMax;
    private volatile MasterIndex index;
    private volatile bool mayReload = true;

    public BlobReader(Repository repository, MasterIndex index)
        : this(repository, index, DefaultGroupPlainBytesMax)
    {
    }

    private BlobReader(Repository repository, MasterIndex index, int groupPlainBytesMax)
    {
        this.repository = repository;
        this.index = index;
        this.groupPlainBytesMax = groupPlainBytesMax;
    }

    /// <summary>The same reader with groups of another size, for who reads many things at once: each takes eight times as much.</summary>
    public BlobReader WithGroups(int plainBytesMax) => new(repository, index, plainBytesMax) { mayReload = mayReload };

    /// <summary>
    /// A reader that goes by this index alone: for who works under a lock, and decides by the index what is missing and what is not needed.
    /// </summary>
    internal static BlobReader Strict(Repository repository, MasterIndex index) => new(repository, index) { mayReload = false };

    /// <summary>Reads data blobs in order.</summary>
    /// <param name="ids">Asked for some groups ahead of what has been handed out.</param>
    /// <returns>The plaintext of each blob, valid until the next one is asked for.</returns>
    /// <exception cref="RepositoryException">
    /// <see cref="RepositoryError.BlobMissing"/> or <see cref="RepositoryError.Damaged"/>, when its turn comes.
    /// </exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        IEnumerable<BlobId> ids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var workspaces = new WorkspacePool();
        var ahead = Channel.CreateBounded<Task<BlobGroup>>(GroupsAheadMax);
        var planning = Task.Run(() => PlanAsync(ids, workspaces, ahead.Writer, stopping.Token), CancellationToken.None);
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
        }
        finally
        {
            // Whoever stops early leaves nothing running behind: the repository may be closed next.
            await stopping.CancelAsync();
            await planning;
            while (ahead.Reader.TryRead(out var reading))
            {
                await reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Reads one blob.</summary>
    /// <exception cref="RepositoryException">
    /// <see cref="RepositoryError.BlobMissing"/>, <see cref="RepositoryError.Damaged"/> or <see cref="RepositoryError.FileMissing"/>.
    /// </exception>
    public async Task<byte[]> ReadOneAsync(BlobKind kind, BlobId id, CancellationToken cancellationToken)
    {
        using var opener = new BlobOpener();
        return await ReadAnyCopyAsync(kind, id, opener, cancellationToken);
    }

    /// <summary>
    /// Groups the ids and starts to read each group. It throws nothing: its end, with the reason, is that of the channel.
    /// </summary>
    private async Task PlanAsync(
        IEnumerable<BlobId> ids, WorkspacePool workspaces, ChannelWriter<Task<BlobGroup>> ahead, CancellationToken cancellationToken)
    {
        var group = new BlobGroup();
        try
        {
            foreach (var id in ids)
            {
                if (await FindAsync(id, cancellationToken) is not { } location)
                {
                    await StartAsync();
                    throw Missing(BlobKind.Data, id);
                }
                if (!BlobOpener.IsPlausible(BlobKind.Data, location.BoxBytes, location.PlainBytes))
                {
                    await StartAsync();
                    throw Implausible(id, location);
                }
                if (group.Count > 0 && (group.PlainBytes + location.PlainBytes > groupPlainBytesMax || group.Count >= GroupBlobsMax))
                {
                    await StartAsync();
                }
                group.Add(id, location);
            }
            await StartAsync();
            ahead.Complete();
        }
        catch (Exception e)
        {
            ahead.TryComplete(e);
        }

        async ValueTask StartAsync()
        {
            await ahead.WaitToWriteAsync(cancellationToken);
            var full = group;
            group = new BlobGroup();
            // There is room, as nobody else writes: a reading that has begun is always found, and awaited, in the channel.
            ahead.TryWrite(Task.Run(() => ReadGroupAsync(full, workspaces.Rent(), cancellationToken), CancellationToken.None));
        }
    }

    private async ValueTask<BlobLocation?> FindAsync(BlobId id, CancellationToken cancellationToken)
    {
        var looked = index;
        if (looked.TryFind(BlobKind.Data, id, out var location))
        {
            return location;
        }
        return await HasNewerIndexAsync(looked, cancellationToken) && index.TryFind(BlobKind.Data, id, out location) ? location : null;
    }

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
                    && opener.TryOpen(
                        repository.Key, id, location, boxes.AsSpan(offset, (int)location.BoxBytes), group.PlainAt(place).Span);
                if (!isWhole)
                {
                    CopyInto(group.PlainAt(place), await ReadAnyCopyAsync(BlobKind.Data, id, opener, cancellationToken), id, location);
                }
            }
        }
        return group;
    }

    private void CopyInto(Memory<byte> place, byte[] plain, BlobId id, BlobLocation location)
    {
        // The hash of another copy is right, so it is the length in this index entry that is wrong.
        if (plain.Length != place.Length)
        {
            throw Implausible(id, location);
        }
        plain.CopyTo(place);
    }

    /// <returns>How many bytes were read; none where the pack is missing, so that other copies are tried.</returns>
    private async Task<int> TryReadRangeAsync(PackRead range, byte[] boxes, CancellationToken cancellationToken)
    {
        try
        {
            return await repository.Storage.ReadAsync(
                StorageKey.Of(range.Pack), range.OffsetBytes, boxes.AsMemory(0, range.LengthBytes), cancellationToken);
        }
        catch (RepositoryException e) when (e.Error == RepositoryError.FileMissing)
        {
            return 0;
        }
    }

    private async Task<byte[]> ReadAnyCopyAsync(BlobKind kind, BlobId id, BlobOpener opener, CancellationToken cancellationToken)
    {
        while (true)
        {
            var looked = index;
            var (plain, failure) = await TryReadAnyCopyAsync(looked, kind, id, opener, cancellationToken);
            if (plain is not null)
            {
                return plain;
            }
            if (!await HasNewerIndexAsync(looked, cancellationToken))
            {
                throw failure ?? Missing(kind, id);
            }
        }
    }

    private async Task<(byte[]? Plain, RepositoryException? Failure)> TryReadAnyCopyAsync(
        MasterIndex looked, BlobKind kind, BlobId id, BlobOpener opener, CancellationToken cancellationToken)
    {
        RepositoryException? failure = null;
        foreach (var location in looked.FindAll(kind, id))
        {
            if (!BlobOpener.IsPlausible(kind, location.BoxBytes, location.PlainBytes))
            {
                failure = Implausible(id, location);
                continue;
            }
            try
            {
                var box = new byte[location.BoxBytes];
                var plain = new byte[location.PlainBytes];
                var read = await repository.Storage.ReadAsync(StorageKey.Of(location.Pack), location.OffsetBytes, box, cancellationToken);
                if (read == box.Length && opener.TryOpen(repository.Key, id, location, box, plain))
                {
                    return (plain, null);
                }
                failure = PackReader.Damaged(repository.Storage, location.Pack, $"the blob {id.ToString()[..8]} in it does not open");
            }
            catch (RepositoryException e) when (e.Error == RepositoryError.FileMissing)
            {
                failure = e;
            }
        }
        return (null, failure);
    }

    /// <summary>Reads the index afresh, once for this reader, where the one that was looked at is still the newest.</summary>
    private async ValueTask<bool> HasNewerIndexAsync(MasterIndex looked, CancellationToken cancellationToken)
    {
        if (index == looked && mayReload)
        {
            index = await repository.ReloadIndexAsync(looked, cancellationToken); // Several at once wait there for one of them.
            mayReload = false;
        }
        return index != looked;
    }

    private RepositoryException Implausible(BlobId id, BlobLocation location) => PackReader.Damaged(
        repository.Storage,
        location.Pack,
        $"the index gives the blob {id.ToString()[..8]} in it a box of {location.BoxBytes} bytes for {location.PlainBytes}, which it "
            + "cannot have");

    private RepositoryException Missing(BlobKind kind, BlobId id) => new(
        RepositoryError.BlobMissing,
        $"{(kind == BlobKind.Tree ? "the directory listing" : "the blob")} {id.ToString()[..8]} is in no index of the repository at "
            + $"{repository.Location}")
    {
        Location = repository.Location,
    };
}
