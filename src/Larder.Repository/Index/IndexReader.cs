using System.Text.Json;

namespace Larder.Repository.Index;

/// <summary>Reads any valid JSON of an index file. Unknown fields are skipped, as other programs add some.</summary>
internal static class IndexReader
{
    public static void Read(ReadOnlySpan<byte> json, IndexListing listing)
    {
        var reader = new Utf8JsonReader(json);
        var hasPacks = false;
        reader.Read();
        Expect(reader, JsonTokenType.StartObject);
        while (NextField(ref reader))
        {
            if (reader.ValueTextEquals("packs"u8))
            {
                hasPacks = true;
                listing.Clear();
                reader.Read();
                if (reader.TokenType != JsonTokenType.Null)
                {
                    ReadPacks(ref reader, listing);
                }
            }
            else
            {
                SkipValue(ref reader);
            }
        }
        if (!hasPacks)
        {
            throw new FormatException("it has no field \"packs\".");
        }

        // At the end of the object the parser has not looked at what follows yet.
        reader.Read();
    }

    /// <summary>64 hex digits of either case; restic reads both.</summary>
    public static bool TryParseHash(ReadOnlySpan<byte> hex, out Hash256 hash)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Bytes];
        var isHash = hex.Length == 2 * Hash256.Bytes
            && Convert.FromHexString(hex, bytes, out _, out var written) == System.Buffers.OperationStatus.Done && written == Hash256.Bytes;
        hash = isHash ? new Hash256(bytes) : default;
        return isHash;
    }

    private static void ReadPacks(ref Utf8JsonReader reader, IndexListing listing)
    {
        Expect(reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(reader, JsonTokenType.StartObject);
            listing.BeginPack(default);
            var hasId = false;
            while (NextField(ref reader))
            {
                if (reader.ValueTextEquals("id"u8))
                {
                    listing.NamePack(new PackId(ReadHash(ref reader)));
                    hasId = true;
                }
                else if (reader.ValueTextEquals("blobs"u8))
                {
                    listing.ClearPack();
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.Null)
                    {
                        ReadBlobs(ref reader, listing);
                    }
                }
                else
                {
                    SkipValue(ref reader);
                }
            }
            if (!hasId)
            {
                throw new FormatException("a pack has no id.");
            }
        }
    }

    private static void ReadBlobs(ref Utf8JsonReader reader, IndexListing listing)
    {
        Expect(reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(reader, JsonTokenType.StartObject);
            listing.Add(ReadBlob(ref reader));
        }
    }

    private static PackedBlob ReadBlob(ref Utf8JsonReader reader)
    {
        Hash256? id = null;
        BlobKind? kind = null;
        uint? offset = null;
        uint? box = null;
        uint plain = 0;
        while (NextField(ref reader))
        {
            if (reader.ValueTextEquals("id"u8))
            {
                id = ReadHash(ref reader);
            }
            else if (reader.ValueTextEquals("type"u8))
            {
                kind = ReadKind(ref reader);
            }
            else if (reader.ValueTextEquals("offset"u8))
            {
                offset = ReadNumber(ref reader);
            }
            else if (reader.ValueTextEquals("length"u8))
            {
                box = ReadNumber(ref reader);
            }
            else if (reader.ValueTextEquals("uncompressed_length"u8))
            {
                plain = ReadNumber(ref reader);
            }
            else
            {
                SkipValue(ref reader);
            }
        }
        if (id is null || kind is null || offset is null || box is null)
        {
            throw new FormatException("a blob lacks its id, type, offset or length.");
        }
        if (box < IndexFile.BoxOverheadBytes || (ulong)offset + box > uint.MaxValue)
        {
            throw new FormatException($"blob {id} cannot be {box} bytes long at offset {offset}.");
        }
        return new PackedBlob(
            kind.Value, new BlobId(id.Value), offset.Value, box.Value,
            plain != 0 ? plain : box.Value - IndexFile.BoxOverheadBytes, plain != 0);
    }

    private static BlobKind ReadKind(ref Utf8JsonReader reader)
    {
        reader.Read();
        Expect(reader, JsonTokenType.String);
        if (reader.ValueTextEquals("data"u8))
        {
            return BlobKind.Data;
        }
        return reader.ValueTextEquals("tree"u8) ? BlobKind.Tree : throw new FormatException("a blob is neither data nor tree.");
    }

    private static Hash256 ReadHash(ref Utf8JsonReader reader)
    {
        reader.Read();
        Expect(reader, JsonTokenType.String);
        return !reader.ValueIsEscaped && TryParseHash(reader.ValueSpan, out var hash)
            ? hash
            : throw new FormatException("an id is not 64 hex digits.");
    }

    private static uint ReadNumber(ref Utf8JsonReader reader)
    {
        reader.Read();
        Expect(reader, JsonTokenType.Number);
        return reader.TryGetUInt32(out var number)
            ? number
            : throw new FormatException("an offset or a length is not a number of 32 bits.");
    }

    private static bool NextField(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private static void SkipValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static void Expect(in Utf8JsonReader reader, JsonTokenType type)
    {
        if (reader.TokenType != type)
        {
            throw new FormatException($"a value is {reader.TokenType} where {type} was expected.");
        }
    }
}
