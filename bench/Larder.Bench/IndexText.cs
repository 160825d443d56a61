using System.Buffers;
using System.Text.Json;

namespace Larder.Bench;

/// <summary>
/// The content of index files for a repository with very many blobs, as restic writes it and before it is sealed: random ids, packs of
/// some 40 blobs of about 400 kB, and as many blobs in a file as restic puts there.
/// </summary>
internal static class IndexText
{
    public const int BlobsPerFile = 50_000;
    private const int BlobsPerPack = 40;

    /// <summary>One index file after the other, as JSON. Each is valid until the next is asked for.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Make(long blobs, ulong seed)
    {
        var draw = new Draw(seed);
        var buffer = new ArrayBufferWriter<byte>(BlobsPerFile * 240);
        while (blobs > 0)
        {
            var count = (int)Math.Min(blobs, BlobsPerFile);
            buffer.ResetWrittenCount();
            using (var json = new Utf8JsonWriter(buffer))
            {
                File(json, draw, count);
            }

            yield return buffer.WrittenMemory;
            blobs -= count;
        }
    }

    /// <summary>Writes them to a folder as numbered files, unsealed, for a look or for another program to seal.</summary>
    public static async Task WriteAsync(string folder, long blobs, ulong seed)
    {
        Directory.CreateDirectory(folder);
        var number = 0;
        foreach (var text in Make(blobs, seed))
        {
            await using var file = System.IO.File.Create(Path.Combine(folder, $"{number++:D4}.json"));
            await file.WriteAsync(text);
        }
    }

    private static void File(Utf8JsonWriter json, Draw draw, int blobs)
    {
        json.WriteStartObject();
        json.WriteStartArray("packs");
        for (; blobs > 0; blobs -= BlobsPerPack)
        {
            json.WriteStartObject();
            Id(json, draw);
            json.WriteStartArray("blobs");
            var offset = 0;
            for (var i = 0; i < Math.Min(blobs, BlobsPerPack); i++)
            {
                var length = 50_000 + draw.Below(700_000);
                json.WriteStartObject();
                Id(json, draw);
                json.WriteString("type"u8, "data"u8);
                json.WriteNumber("offset"u8, offset);
                json.WriteNumber("length"u8, length);
                json.WriteNumber("uncompressed_length"u8, length * 2);
                json.WriteEndObject();
                offset += length;
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Id(Utf8JsonWriter json, Draw draw)
    {
        Span<byte> text = stackalloc byte[64];
        for (var at = 0; at < text.Length; at += 16)
        {
            draw.Next().TryFormat(text[at..], out _, "x16");
        }

        json.WriteString("id"u8, text);
    }
}
