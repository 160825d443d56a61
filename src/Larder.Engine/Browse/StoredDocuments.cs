using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Larder.Engine.Errors;
using Larder.Repository.Snapshots;
using Larder.Sources.MongoDb;

namespace Larder.Engine.Browse;

/// <summary>Documents of a collection in a backup, read where they are stored.</summary>
/// <remarks>Memory: one document (16 MiB at most), one blob, and the documents that are asked for.</remarks>
public static class StoredDocuments
{
    /// <summary>Reads some documents as Extended JSON, relaxed, in the order in which they were dumped.</summary>
    /// <param name="backup">Open; of any engine.</param>
    /// <param name="collection">By its name, with its database before it or not.</param>
    /// <param name="search">Only documents whose JSON holds this text, in large or small letters; null for all.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="offset">Passing over so many of those that fit.</param>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownEntry"/>; <see cref="EngineError.UsageInvalid"/> where it is no
    /// collection of documents.</exception>
    public static async Task<DocumentPage> ReadAsync(
        ReadableBackup backup, string collection, string? search, int limit, long offset, CancellationToken cancellationToken)
    {
        var (entry, file) = await FindAsync(backup, collection, cancellationToken);
        var (shown, fitting) = (new List<JsonNode>(), 0L);
        await foreach (var document in DocumentsAsync(backup, file, cancellationToken))
        {
            if (search is null && entry.Rows is not null && (fitting >= offset + limit))
            {
                break; // The manifest knows how many there are; nothing behind the page needs to be read.
            }
            if (search is not null || fitting >= offset)
            {
                var text = ExtendedJson.ToText(document.Span, ExtendedJsonMode.Relaxed);
                if (search is not null && !text.Contains(search, StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }
                if (fitting >= offset && shown.Count < limit)
                {
                    shown.Add(JsonNode.Parse(text)!);
                }
            }
            fitting++;
        }
        return new DocumentPage(entry.Name, shown, search is null ? entry.Rows ?? fitting : fitting);
    }

    private static async Task<(Backups.ManifestEntry Entry, Node File)> FindAsync(
        ReadableBackup backup, string collection, CancellationToken cancellationToken)
    {
        foreach (var source in backup.Sources)
        {
            if (EntryNames.Find(backup, source, collection) is { } name
                && source.Recorded?.Entries.FirstOrDefault(one => one.Name == name) is { } entry)
            {
                if (source.Engine != "mongodb" || !entry.File.EndsWith(".bson", StringComparison.Ordinal))
                {
                    throw new LarderException(EngineError.UsageInvalid, $"\"{collection}\" is not a collection of documents.")
                    {
                        Context = backup.ErrorContext,
                    };
                }
                var listing = (await backup.Trees.LoadAsync(source.Tree, cancellationToken)).Nodes;
                return (entry, (await EntryFinder.FindAsync(backup, source, listing, name, cancellationToken))[^1]);
            }
        }
        throw new LarderException(EngineError.UnknownEntry, $"Backup {backup.ShortId} has no collection of this name.")
        {
            Context = backup.ErrorContext,
        };
    }

    /// <summary>Each document is gone with the next.</summary>
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> DocumentsAsync(
        ReadableBackup backup,
        Node file,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int lengthBytes = 4;
        var carried = new MemoryStream(); // What a blob ended in the midst of.
        await foreach (var blob in backup.Blobs.ReadAsync(file.Content ?? [], cancellationToken))
        {
            carried.Write(blob.Span);
            var whole = carried.GetBuffer().AsMemory(0, (int)carried.Length);
            while (whole.Length >= lengthBytes && LengthOf(whole.Span) is var length && whole.Length >= length)
            {
                yield return whole[..length];
                whole = whole[length..];
            }
            var rest = whole.ToArray();
            carried.SetLength(0);
            carried.Write(rest);
        }
    }

    private static int LengthOf(ReadOnlySpan<byte> document)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(document);
        return length is >= 5 and <= Bson.DocumentBytesMax
            ? length
            : throw new Larder.Sources.SourceException(Larder.Sources.SourceError.Damaged, "A stored document has an impossible length.");
    }
}

/// <summary>Some documents of a collection.</summary>
/// <param name="Collection">Its name in the manifest.</param>
/// <param name="Documents">As Extended JSON.</param>
/// <param name="Total">How many there are that fit.</param>
public sealed record DocumentPage(string Collection, IReadOnlyList<JsonNode> Documents, long Total);
