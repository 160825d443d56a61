using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Larder.Sources.PostgreSql;
using Larder.Testing;

namespace Larder.Sources.Tests.PostgreSql;

/// <summary>Archives made here, so that there are more shapes than one version of pg_dump writes.</summary>
public sealed class ArchiveSplitterTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task What_was_put_in_comes_out_however_it_is_cut() => SeededRandom.RunManyAsync(100, async random =>
    {
        var archive = new MadeArchive(random, tables: random.Next(12), newer: random.Next(2) == 0);
        var found = await SplitAsync(archive, archive.Bytes, random);
        Assert.Equal(archive.Files.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, content) in archive.Files)
        {
            Assert.True(content.AsSpan().SequenceEqual(found[name].Content), name);
        }
        foreach (var (name, rows) in archive.Rows)
        {
            Assert.Equal(rows, found[name].Part.Fingerprint);
        }
    });

    [Fact]
    public Task An_archive_cut_off_anywhere_fails() => SeededRandom.RunManyAsync(100, async random =>
    {
        var archive = new MadeArchive(random, tables: 1 + random.Next(5), newer: false);
        var cut = archive.Bytes[..random.Next(archive.Bytes.Length)];
        await Assert.ThrowsAnyAsync<ArchiveCutOff>(() => SplitAsync(archive, cut, random));
    });

    [Fact]
    public Task Data_that_the_table_of_contents_does_not_announce_is_damage() => SeededRandom.RunAsync(async random =>
    {
        var archive = new MadeArchive(random, tables: 2, newer: false);
        var error = await Assert.ThrowsAsync<SourceException>(() => SplitAsync(archive, [.. archive.Bytes, .. archive.Bytes], random));
        Assert.Equal(SourceError.Damaged, error.Error);
    });

    /// <summary>Through pieces of random length, and read in pieces of random length.</summary>
    private static async Task<Dictionary<string, (ArchivePart Part, byte[] Content)>> SplitAsync(
        MadeArchive archive, byte[] bytes, Random random)
    {
        var isSmall = bytes.Length < 50_000; // Only then are tiny pieces quick.
        var content = Channel.CreateBounded<ArchivePiece>(4);
        var rows = Channel.CreateBounded<ArchivePiece>(4);
        var input = new Pipe(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 1 + random.Next(isSmall ? 20 : 100_000)));
        var left = bytes.AsMemory();
        while (!left.IsEmpty)
        {
            var count = Math.Min(left.Length, 1 + random.Next(50_000));
            await input.Writer.WriteAsync(left[..count], Cancellation);
            left = left[count..];
        }
        await input.Writer.CompleteAsync();

        var counting = RowCounter.CountAsync(rows.Reader, Cancellation);
        var reading = ReadAsync(new PieceReader(content.Reader, TimeProvider.System), 1 + random.Next(isSmall ? 100 : 100_000));
        try
        {
            await new ArchiveSplitter(archive.Toc, content.Writer, rows.Writer).SplitAsync(input.Reader, Cancellation);
        }
        finally
        {
            content.Writer.Complete();
            rows.Writer.Complete();
        }
        await counting;
        return await reading;
    }

    private static async Task<Dictionary<string, (ArchivePart Part, byte[] Content)>> ReadAsync(PieceReader reader, int bufferBytes)
    {
        var files = new Dictionary<string, (ArchivePart, byte[])>(StringComparer.Ordinal);
        while (await reader.MoveNextAsync(Cancellation) is { } part)
        {
            var bytes = new MemoryStream();
            await new PartStream(reader).CopyToAsync(bytes, bufferBytes, Cancellation);
            Assert.Equal(bytes.Length, part.Bytes);
            files.Add(part.File, (part, bytes.ToArray()));
        }
        return files;
    }

    /// <summary>An archive with tables and one list of large objects, and what must come out of it.</summary>
    private sealed class MadeArchive
    {
        private readonly ArrayBufferWriter<byte> output = new();
        private readonly Random random;

        public MadeArchive(Random random, int tables, bool newer)
        {
            this.random = random;
            var entries = new List<TocEntry>();
            for (var table = 1; table <= tables; table++)
            {
                entries.Add(new TocEntry { DumpId = table, HasData = true, Kind = "TABLE DATA", Section = TocSection.Data });
                AddTable(table);
            }
            entries.Add(new TocEntry { DumpId = 900, HasData = false, Kind = "TABLE", Section = TocSection.PreData });
            entries.Add(new TocEntry { DumpId = 1000, HasData = true, Kind = "BLOBS", Section = TocSection.Data });
            AddLargeObjects(1000, newer ? "blobs_1000.toc" : "blobs.toc");
            Toc = new ArchiveToc
            {
                Header = new ArchiveHeader
                {
                    Version = new Version(1, newer ? 16 : 14),
                    Format = ArchiveFormat.Custom,
                    Compression = 0,
                    CreatedAt = [],
                },
                Entries = entries,
            };
        }

        public ArchiveToc Toc { get; }

        public byte[] Bytes => output.WrittenSpan.ToArray();

        public Dictionary<string, byte[]> Files { get; } = [];

        public Dictionary<string, Fingerprint> Rows { get; } = [];

        private void AddTable(int id)
        {
            var rows = Enumerable.Range(0, random.Next(10) switch { < 3 => 0, 3 => 20_000, _ => random.Next(30) })
                .Select(_ => new string((char)('a' + random.Next(26)), random.Next(60))).ToList();
            var builder = new FingerprintBuilder();
            rows.ForEach(row => builder.Add(Encoding.ASCII.GetBytes(row)));
            Rows[$"{id}.dat"] = builder.ToFingerprint();
            ArchivePrimitives.WriteByte(output, 1);
            ArchivePrimitives.WriteInt(output, id);
            AddChunks(Files[$"{id}.dat"] = Encoding.ASCII.GetBytes(string.Concat(rows.Select(row => row + "\n")) + "\\.\n\n\n"));
        }

        private void AddLargeObjects(int id, string list)
        {
            ArchivePrimitives.WriteByte(output, 3);
            ArchivePrimitives.WriteInt(output, id);
            var lines = new StringBuilder();
            var builder = new FingerprintBuilder();
            for (var count = random.Next(5); count > 0; count--)
            {
                var oid = (uint)random.NextInt64(1, uint.MaxValue);
                ArchivePrimitives.WriteInt(output, unchecked((int)oid));
                var content = new byte[random.Next(random.Next(8) switch { < 3 => 1, 3 => 600_000, _ => 2000 })];
                random.NextBytes(content);
                AddChunks(Files[$"blob_{oid}.dat"] = content);
                lines.Append(System.Globalization.CultureInfo.InvariantCulture, $"{oid} blob_{oid}.dat\n");
                var number = new byte[4];
                BinaryPrimitives.WriteUInt32BigEndian(number, oid);
                builder.AddHash(SHA256.HashData([.. number, .. content]));
            }
            ArchivePrimitives.WriteInt(output, 0);
            Files[list] = Encoding.ASCII.GetBytes(lines.ToString());
            Rows[list] = builder.ToFingerprint();
        }

        private void AddChunks(byte[] content)
        {
            var chunkMax = random.Next(3) switch { 0 => 1 + random.Next(100), 1 => 4096, _ => 1_000_000 };
            foreach (var chunk in content.Chunk(chunkMax))
            {
                ArchivePrimitives.WriteInt(output, chunk.Length);
                output.Write(chunk);
            }
            ArchivePrimitives.WriteInt(output, 0);
        }
    }
}
