using Larder.Repository.Packs;

namespace Larder.Repository.Writing;

/// <summary>
/// Stores blobs into every writer that has not failed: claim, compress once, seal for each, append to an open pack. Not for concurrent use.
/// </summary>
internal sealed class BlobWorker(IReadOnlyList<RepositoryWriter> writers, int compressionLevel) : IDisposable
{
    private readonly BlobSealer sealer = new(compressionLevel);
    private readonly PackBuilder?[] open = new PackBuilder?[writers.Count];

    /// <summary>Stores one blob. Completes without waiting unless a pack is full.</summary>
    public async ValueTask StoreAsync(BlobKind kind, BlobId id, ReadOnlyMemory<byte> plain, CancellationToken cancellationToken)
    {
        int? compressedBoxBytes = null;
        for (var i = 0; i < writers.Count; i++)
        {
            var writer = writers[i];
            if (writer.Failure is not null || !writer.Claim(kind, id))
            {
                continue;
            }

            var mayCompress = writer.Repository.Config.Version > 1;
            var boxBytes = mayCompress
                ? compressedBoxBytes ??= sealer.Prepare(plain.Span, mayCompress: true)
                : sealer.Prepare(plain.Span, mayCompress: false);
            compressedBoxBytes = mayCompress ? compressedBoxBytes : null;
            try
            {
                var pack = open[i] is { } current && current.HasRoomFor(boxBytes)
                    ? current
                    : await TurnOverAsync(i, boxBytes, cancellationToken);
                sealer.Seal(writer.Repository.Key, plain.Span, pack.Reserve(boxBytes));
                pack.Commit(kind, id, boxBytes, plain.Length, sealer.IsCompressed);
                writer.CountBlob(kind, plain.Length, boxBytes);
            }
            catch (OperationCanceledException) when (writer.Failure is not null)
            {
                // This writer is out; the others go on.
            }
            catch (Exception e)
            {
                writer.Fail(e); // It has claimed a blob that nobody will add: nothing may be built on that.
                throw;
            }
        }
        if (writers.All(writer => writer.Failure is not null))
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(writers[0].Failure!);
        }
    }

    /// <summary>Leaves the open packs to their writers.</summary>
    public void Finish()
    {
        for (var i = 0; i < open.Length; i++)
        {
            if (open[i] is { } pack)
            {
                writers[i].TakePartial(pack);
                open[i] = null;
            }
        }
    }

    public void Dispose() => sealer.Dispose();

    private async ValueTask<PackBuilder> TurnOverAsync(int i, int boxBytes, CancellationToken cancellationToken)
    {
        if (open[i] is { } full)
        {
            open[i] = null;
            writers[i].Upload(full);
        }
        var pack = await writers[i].OpenPackAsync(boxBytes, cancellationToken);
        open[i] = pack;
        return pack;
    }
}
