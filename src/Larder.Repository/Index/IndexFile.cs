using System.Buffers;
using System.Text.Json;

namespace Larder.Repository.Index;

/// <summary>The JSON of an index file: packs and the blobs in each. See README.md in this folder.</summary>
public static class IndexFile
{
    /// <summary>
    /// A writer closes an index file at this many blobs: 147 bytes of JSON each, about 3 MB before compression, and 10 MB in all while it
    /// is made. restic's limit is 50,000.
    /// </summary>
    public const int BlobsMax = 20_000;

    /// <summary>What sealing adds to a blob: 16 bytes of IV and 16 of MAC.</summary>
    internal const uint BoxOverheadBytes = 32;

    /// <summary>The JSON, as restic writes it: no white space, and no <c>uncompressed_length</c> where a blob is not compressed.</summary>
    public static byte[] Encode(IReadOnlyList<IndexedPack> packs)
    {
        var json = new ArrayBufferWriter<byte>(64 + packs.Sum(pack => 90 + (pack.Blobs.Count * 160)));
        using var writer = new Utf8JsonWriter(json, new JsonWriterOptions { SkipValidation = true });
        Span<byte> hex = stackalloc byte[2 * Hash256.Bytes];
        writer.WriteStartObject();
        writer.WriteStartArray("packs"u8);
        foreach (var pack in packs)
        {
            writer.WriteStartObject();
            WriteHex(pack.Id.Hash, hex);
            writer.WriteString("id"u8, hex);
            writer.WriteStartArray("blobs"u8);
            foreach (var blob in pack.Blobs)
            {
                writer.WriteStartObject();
                WriteHex(blob.Id.Hash, hex);
                writer.WriteString("id"u8, hex);
                writer.WriteString("type"u8, blob.Kind == BlobKind.Tree ? "tree"u8 : "data"u8);
                writer.WriteNumber("offset"u8, blob.OffsetBytes);
                writer.WriteNumber("length"u8, blob.BoxBytes);
                if (blob.IsCompressed)
                {
                    writer.WriteNumber("uncompressed_length"u8, blob.PlainBytes);
                }
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return json.WrittenSpan.ToArray();
    }

    /// <summary>Reads an index file and hands on each pack. The list that is handed on belongs to the receiver.</summary>
    /// <exception cref="RepositoryException">Damaged: the bytes are not an index file. Nothing was handed on.</exception>
    public static void Decode(ReadOnlySpan<byte> json, Action<PackId, IReadOnlyList<PackedBlob>> add)
    {
        var listing = Read(json);
        for (var pack = 0; pack < listing.PackCount; pack++)
        {
            add(listing.PackAt(pack), listing.BlobsAt(pack).ToArray());
        }
    }

    /// <summary>Reads an index file into the master index without allocating anything per blob.</summary>
    /// <exception cref="RepositoryException">Damaged: the bytes are not an index file. Nothing was added.</exception>
    public static void Decode(ReadOnlySpan<byte> json, MasterIndex index)
    {
        var listing = Read(json);
        for (var pack = 0; pack < listing.PackCount; pack++)
        {
            index.AddPack(listing.PackAt(pack), listing.BlobsAt(pack));
        }
    }

    private static IndexListing Read(ReadOnlySpan<byte> json)
    {
        var listing = new IndexListing(json.Length);
        try
        {
            // Nearly every index file has the one form that restic and we write; any other is read by the general parser.
            if (!new CompactIndexReader(json).TryRead(listing))
            {
                listing.Clear();
                IndexReader.Read(json, listing);
            }
            return listing;
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or FormatException)
        {
            throw new RepositoryException(RepositoryError.Damaged,
                $"An index file of {json.Length} bytes is not valid: {cause.Message}", cause);
        }
    }

    private static void WriteHex(Hash256 hash, Span<byte> hex)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Bytes];
        hash.Write(bytes);
        Convert.TryToHexStringLower(bytes, hex, out _);
    }
}
