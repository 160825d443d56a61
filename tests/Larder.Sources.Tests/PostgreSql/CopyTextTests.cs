using System.Security.Cryptography;
using System.Text;
using Larder.Sources.PostgreSql;
using Larder.Testing;

namespace Larder.Sources.Tests.PostgreSql;

public sealed class CopyTextTests
{
    [Fact]
    public void Rows_are_the_lines_before_the_terminator() =>
        Assert.Equal(Build("a\t1", "b\t\\N", ""), Read("a\t1\nb\t\\N\n\n\\.\n\n\n", 1000));

    [Fact]
    public void A_row_that_looks_like_the_terminator_is_escaped_by_the_server_and_counts() =>
        Assert.Equal(Build("\\\\.", "\\.x"), Read("\\\\.\n\\.x\n\\.\n\n\n", 1000));

    [Fact]
    public void Pieces_cut_anywhere_give_the_same_fingerprint() => SeededRandom.Run(random =>
    {
        for (var run = 0; run < 200; run++)
        {
            var rows = Enumerable.Range(0, random.Next(60)).Select(_ => MakeRow(random)).ToArray();
            var text = string.Concat(rows.Select(row => row + "\n")) + "\\.\n\n\n";
            Assert.Equal(Build(rows), Read(text, 1 + random.Next(random.Next(2) == 0 ? 8 : 100_000)));
        }
    });

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\nb\n")]
    [InlineData("a\n\\.")]
    public void Rows_that_break_off_are_damaged(string text) =>
        Assert.Equal(SourceError.Damaged, Assert.Throws<SourceException>(() => Read(text, 1000)).Error);

    [Theory]
    [InlineData("\\.\nx")]
    [InlineData("\\.\n\n\na\n")]
    public void Anything_behind_the_end_of_the_rows_is_damaged(string text)
    {
        Assert.Equal(SourceError.Damaged, Assert.Throws<SourceException>(() => Read(text, 1000)).Error);
        Assert.Equal(SourceError.Damaged, Assert.Throws<SourceException>(() => Read(text, 1)).Error);
    }

    [Fact]
    public void One_table_after_the_other_is_counted_on_its_own()
    {
        using var rows = new CopyText();
        rows.Append("a\nb\n\\.\n\n\n"u8);
        Assert.Equal(Build("a", "b"), rows.EndTable());
        rows.Append("\\.\n\n\n"u8);
        Assert.Equal(Build(), rows.EndTable());
        rows.Append("c\n\\.\n\n\n"u8);
        Assert.Equal(Build("c"), rows.EndTable());
    }

    [Fact]
    public void A_passing_table_allocates_nothing()
    {
        using var rows = new CopyText();
        var piece = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("1\tsome text of a row\t2024-01-01\n", 1000)));
        rows.Append(piece);
        var before = GC.GetAllocatedBytesForCurrentThread();
        rows.Append(piece);
        rows.Append(piece.AsSpan(0, 17));
        rows.Append(piece.AsSpan(17));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static string MakeRow(Random random) => random.Next(20) == 0
        ? new string('x', random.Next(200_000)) // Longer than what is put together in memory.
        : new string((char)('a' + random.Next(26)), random.Next(40));

    private static Fingerprint Read(string text, int pieceBytes)
    {
        using var rows = new CopyText();
        foreach (var piece in Encoding.UTF8.GetBytes(text).Chunk(pieceBytes))
        {
            rows.Append(piece);
        }
        return rows.EndTable();
    }

    /// <summary>By another way than the one tested: each row hashed whole, by .NET.</summary>
    private static Fingerprint Build(params string[] rows)
    {
        var builder = new FingerprintBuilder();
        foreach (var row in rows)
        {
            builder.AddHash(SHA256.HashData(Encoding.UTF8.GetBytes(row)));
        }
        return builder.ToFingerprint();
    }
}
