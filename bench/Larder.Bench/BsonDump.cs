using System.Buffers.Binary;
using System.Text;

namespace Larder.Bench;

/// <summary>
/// A folder in mongodump's layout: a database <c>app</c> of eight collections whose documents look like the rows of
/// <see cref="DumpText"/>.
/// </summary>
internal static class BsonDump
{
    private const int Collections = 8;
    private const int BufferBytes = 1 << 20;

    public static async Task WriteAsync(string folder, long bytes, ulong seed, long firstId)
    {
        var draw = new Draw(seed);
        var words = Vocabulary.Make(draw, 4096, " ");
        var names = Vocabulary.Make(draw, 1024, "");
        Directory.CreateDirectory(Path.Combine(folder, "app"));
        var id = firstId;
        for (var i = 0; i < Collections; i++)
        {
            var name = Path.Combine(folder, "app", $"entries_{i}");
            await File.WriteAllTextAsync(
                $"{name}.metadata.json",
                """{"options":{},"indexes":["""
                + $$"""{"v":2,"key":{"_id":1},"name":"_id_"}],"collectionName":"entries_{{i}}","type":"collection"}""");
            await using var file = new FileStream($"{name}.bson", FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes);
            for (var left = bytes / Collections; left > 0;)
            {
                var document = Document(draw, words, names, ++id);
                await file.WriteAsync(document);
                left -= document.Length;
            }
        }
    }

    private static byte[] Document(Draw draw, byte[][] words, byte[][] names, long id)
    {
        using var body = new MemoryStream();
        body.Write(stackalloc byte[4]); // The length, at the end.
        Number(0x12, "_id", id);
        Text("name", [.. names[draw.SkewedBelow(names.Length)], (byte)'.', .. names[draw.Below(names.Length)]]);
        Number(0x09, "created_at", 1_704_067_200_000 + (id * 977));
        Number(0x01, "amount", BitConverter.DoubleToInt64Bits(draw.Below(999_999) / 100.0));
        Text("digest", Encoding.ASCII.GetBytes($"{draw.Next():x16}{draw.Next():x16}"));
        Text("note", [.. Enumerable.Range(0, 4 + draw.Below(10)).SelectMany(_ => words[draw.SkewedBelow(words.Length)])]);
        body.WriteByte(0);
        var document = body.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(document, document.Length);
        return document;

        void Name(byte type, string name)
        {
            body.WriteByte(type);
            body.Write(Encoding.ASCII.GetBytes(name));
            body.WriteByte(0);
        }

        void Number(byte type, string name, long bits)
        {
            Name(type, name);
            var value = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(value, bits);
            body.Write(value);
        }

        void Text(string name, byte[] text)
        {
            Name(0x02, name);
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length + 1);
            body.Write(length);
            body.Write(text);
            body.WriteByte(0);
        }
    }
}
