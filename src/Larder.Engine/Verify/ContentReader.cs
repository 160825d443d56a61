using System.Runtime.CompilerServices;
using System.Text;
using Larder.Repository;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;

namespace Larder.Engine.Verify;

/// <summary>A file of a backup, read to its end.</summary>
/// <param name="Path">Inside its source.</param>
/// <param name="Node">What its folder lists.</param>
/// <param name="ReadBytes">How many bytes its content has.</param>
/// <param name="Problem">Why it could not be read; null where it could.</param>
internal sealed record ContentFile(string Path, Node Node, long ReadBytes, RepositoryException? Problem = null)
{
    public long ListedBytes => (long)Node.SizeBytes;
}

/// <summary>Reads all files of a tree and counts. Many small files are read together, which is what makes a folder of them fast.</summary>
internal sealed class ContentReader(BlobReader blobs, Action<long> onBytes)
{
    // Ids that are held at once; the blobs themselves are bounded by BlobReader.
    private const int BatchBlobsMax = 8192;

    public async IAsyncEnumerable<ContentFile> ReadAsync(
        IAsyncEnumerable<WalkedNode> nodes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batch = new List<(string Path, Node Node)>();
        var batchBlobs = 0;
        await foreach (var (path, node) in nodes.WithCancellation(cancellationToken))
        {
            if (node.Type != NodeType.File)
            {
                continue;
            }
            batch.Add((string.Join("/", path.Select(name => Encoding.UTF8.GetString(name.Bytes))), node)); // As the manifest names it.
            batchBlobs += 1 + (node.Content?.Count ?? 0); // An empty file has none, and is held too.
            if (batchBlobs >= BatchBlobsMax)
            {
                foreach (var file in await ReadBatchAsync(batch, cancellationToken))
                {
                    yield return file;
                }
                batch.Clear();
                batchBlobs = 0;
            }
        }
        foreach (var file in await ReadBatchAsync(batch, cancellationToken))
        {
            yield return file;
        }
    }

    private async Task<List<ContentFile>> ReadBatchAsync(IReadOnlyList<(string Path, Node Node)> batch, CancellationToken cancellationToken)
    {
        var bytes = new long[batch.Count];
        try
        {
            var owners = batch.Index().SelectMany(each => Enumerable.Repeat(each.Index, each.Item.Node.Content?.Count ?? 0))
                .GetEnumerator();
            await foreach (var plain in blobs.ReadAsync(batch.SelectMany(each => each.Node.Content ?? []), cancellationToken))
            {
                owners.MoveNext();
                bytes[owners.Current] += plain.Length;
                onBytes(plain.Length);
            }
            return [.. batch.Select((each, i) => new ContentFile(each.Path, each.Node, bytes[i]))];
        }
        catch (RepositoryException e) when (
            e.Error is RepositoryError.Damaged or RepositoryError.BlobMissing or RepositoryError.FileMissing)
        {
            // Read together nobody can say whose the damage is; one by one it can be said.
            return await ReadEachAsync(batch, cancellationToken);
        }
    }

    private async Task<List<ContentFile>> ReadEachAsync(IReadOnlyList<(string Path, Node Node)> batch, CancellationToken cancellationToken)
    {
        var files = new List<ContentFile>();
        foreach (var (path, node) in batch)
        {
            var bytes = 0L;
            RepositoryException? problem = null;
            try
            {
                await foreach (var plain in blobs.ReadAsync(node.Content ?? [], cancellationToken))
                {
                    bytes += plain.Length;
                }
            }
            catch (RepositoryException e) when (
                e.Error is RepositoryError.Damaged or RepositoryError.BlobMissing or RepositoryError.FileMissing)
            {
                problem = e;
            }
            files.Add(new ContentFile(path, node, bytes, problem));
        }
        return files;
    }
}
