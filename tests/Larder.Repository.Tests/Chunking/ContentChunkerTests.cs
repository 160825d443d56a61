using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FsCheck;
using FsCheck.Fluent;
using Larder.Repository.Chunking;
using Larder.Repository.Crypto;

namespace Larder.Repository.Tests.Chunking;

public sealed class ContentChunkerTests
{
    private static readonly ChunkerKeys Keys = KeysOf(1);
    private static readonly ChunkSizes Small = ChunkSizes.Around(4096);

    [Fact]
    public void The_chunks_are_the_input_and_their_sizes_are_within_bounds()
    {
        var chunker = new ContentChunker(Keys, Small);
        foreach (var data in Inputs())
        {
            var chunks = Lengths(chunker, data);
            Assert.Equal(data.Length, chunks.Sum());
            Assert.All(chunks.SkipLast(1), length => Assert.InRange(length, Small.MinBytes, Small.MaxBytes));
            Assert.All(chunks, length => Assert.InRange(length, 1, Small.MaxBytes));
        }
    }

    [Fact]
    public void Every_vector_width_cuts_alike()
    {
        var widths = Enum.GetValues<VectorWidth>().Select(width => new ContentChunker(Keys, Small, width)).ToArray();
        foreach (var data in Inputs())
        {
            var expected = Lengths(widths[0], data);
            Assert.All(widths, chunker => Assert.Equal(expected, Lengths(chunker, data)));
        }
        // Short and odd tails, where blocks end early.
        var text = SeededBytes.Text(20_000, seed: 12);
        Prop.ForAll(Gen.Choose(1, text.Length).ToArbitrary(), Gen.Choose(0, text.Length).ToArbitrary(), (length, from) =>
        {
            var data = text.AsSpan(Math.Min(from, text.Length - 1));
            data = data[..Math.Min(length, data.Length)];
            var first = widths[0].Cut(data);
            return first == widths[1].Cut(data) && first == widths[2].Cut(data) && first == widths[3].Cut(data);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_vector_width_finds_the_same_candidates()
    {
        const int seed = 13;
        var random = new Random(seed);
        for (var round = 0; round < 3000; round++)
        {
            // One position in 256, so about a quarter of the rounds has a candidate.
            var data = SeededBytes.Noise(CandidateScan.LookBackBytes + 64, random.Next());
            int multiplier = random.Next() | 1, addend = random.Next();
            var expected = Candidates<ScalarScan>(data, multiplier, addend);
            Assert.Equal(expected, Candidates<Vector128Scan>(data, multiplier, addend));
            Assert.Equal(expected, Candidates<Vector256Scan>(data, multiplier, addend));
            Assert.Equal(expected, Candidates<Vector512Scan>(data, multiplier, addend));
        }
    }

    [Fact]
    public void The_widest_vectors_of_this_machine_are_chosen()
    {
        Assert.Equal(Vector512.IsHardwareAccelerated, VectorWidths.Widest == VectorWidth.Bits512);
        Assert.Equal(Vector128.IsHardwareAccelerated, VectorWidths.Widest != VectorWidth.Scalar);
    }

    [Fact]
    public void What_lies_beyond_the_longest_chunk_does_not_matter()
    {
        var chunker = new ContentChunker(Keys, Small);
        foreach (var data in Inputs().Where(data => data.Length > Small.MaxBytes))
        {
            for (var at = 0; at < data.Length - Small.MaxBytes; at += 1000)
            {
                Assert.Equal(chunker.Cut(data.AsSpan(at)), chunker.Cut(data.AsSpan(at, Small.MaxBytes)));
            }
        }
    }

    [Fact]
    public void What_lies_beyond_the_cut_does_not_matter_either()
    {
        var chunker = new ContentChunker(Keys, Small);
        var data = SeededBytes.Text(1 << 20, seed: 14);
        for (var at = 0; at < data.Length - Small.MaxBytes;)
        {
            var length = chunker.Cut(data.AsSpan(at));
            var other = SeededBytes.Noise(Small.MaxBytes, seed: at);
            data.AsSpan(at, length).CopyTo(other);
            Assert.Equal(length, chunker.Cut(other));
            at += length;
        }
    }

    [Fact]
    public void Every_length_from_one_byte_on_is_cut_within_what_there_is()
    {
        var chunker = new ContentChunker(Keys, Small);
        var data = SeededBytes.Text(3000, seed: 15);
        for (var length = 1; length <= data.Length; length++)
        {
            Assert.InRange(chunker.Cut(data.AsSpan(0, length)), Math.Min(length, Small.MinBytes), length);
        }
    }

    [Theory]
    [InlineData(64 * 1024, 0.90)]
    [InlineData(4 * 1024, 0.95)]
    public void After_an_insertion_most_chunks_are_found_again(int averageBytes, double share)
    {
        var chunker = new ContentChunker(Keys, ChunkSizes.Around(averageBytes));
        foreach (var data in new[] { SeededBytes.Noise(8 << 20, seed: 16), SeededBytes.Text(8 << 20, seed: 17) })
        {
            var before = Ids(chunker, data);
            byte[] changed = [.. data.AsSpan(0, 3_000_000), .. "ten bytes!"u8, .. data.AsSpan(3_000_000)];
            var after = Ids(chunker, changed);
            Assert.True(after.Count(before.Contains) > share * after.Count, $"{after.Count(before.Contains)} of {after.Count} chunks are known.");
            byte[] shortened = [.. data.AsSpan(0, 3_000_000), .. data.AsSpan(3_000_010)];
            Assert.True(Ids(chunker, shortened).Count(before.Contains) > share * before.Count);
        }
    }

    [Fact]
    public void The_mean_over_random_data_is_the_average()
    {
        foreach (var averageBytes in new[] { 4096, 16384 })
        {
            // The spread of one chunk is about 0.45 of the average, so that of a mean of 1,000 and more is below 1.5 %.
            var chunker = new ContentChunker(Keys, ChunkSizes.Around(averageBytes));
            var chunks = Lengths(chunker, SeededBytes.Noise(16 << 20, seed: 18));
            Assert.InRange(chunks.Average(), 0.94 * averageBytes, 1.06 * averageBytes);
        }
    }

    [Fact]
    public void Other_keys_cut_elsewhere_and_the_same_key_cuts_alike()
    {
        var data = SeededBytes.Text(1 << 20, seed: 19);
        var cuts = Cuts(new ContentChunker(Keys, Small), data);
        Assert.Equal(cuts, Cuts(new ContentChunker(KeysOf(1), Small), data));
        var others = Cuts(new ContentChunker(KeysOf(2), Small), data);
        Assert.InRange(cuts.Intersect(others).Count(), 0, cuts.Count / 20);
    }

    [Fact]
    public void The_cuts_of_a_known_key_stay_where_they_are()
    {
        // Repositories in the field were cut like this. A change of these numbers stores everything a second time.
        var chunker = new ContentChunker(Keys, Small);
        Assert.Equal(GoldenCuts, Lengths(chunker, SeededBytes.Text(40_000, seed: 20)));
    }

    private static readonly int[] GoldenCuts = [4723, 3446, 4224, 2926, 5372, 10981, 7575, 753];

    [Fact]
    public void Runs_of_zeros_are_cut_at_the_longest_only()
    {
        foreach (var seed in Enumerable.Range(1, 20))
        {
            var chunker = new ContentChunker(KeysOf(seed), Small);
            Assert.All(Lengths(chunker, new byte[4 * Small.MaxBytes]), length => Assert.Equal(Small.MaxBytes, length));
        }
    }

    [Fact]
    public void Nothing_is_allocated_for_a_chunk()
    {
        var chunker = new ContentChunker(Keys, Small);
        var data = SeededBytes.Text(50_000, seed: 21);
        Allocations.AssertNone(() => chunker.Cut(data));
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(2048)]
    [InlineData(5000)]
    [InlineData(8 << 20)]
    [InlineData(0)]
    [InlineData(-4096)]
    public void An_average_that_is_no_power_of_two_or_out_of_range_is_refused(int averageBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkSizes.Around(averageBytes));

    [Fact]
    public void Sizes_that_do_not_ascend_are_refused()
    {
        Assert.Equal(new ChunkSizes(1 << 20, 4 << 20, 8 << 20), ChunkSizes.Around(4 << 20));
        Assert.Throws<ArgumentException>(() => new ContentChunker(Keys, new ChunkSizes(32, 4096, 8192)));
        Assert.Throws<ArgumentException>(() => new ContentChunker(Keys, new ChunkSizes(4096, 4096, 8192)));
        Assert.Throws<ArgumentException>(() => new ContentChunker(Keys, new ChunkSizes(1024, 4096, 4096)));
        Assert.Throws<ArgumentException>(() => new ContentChunker(Keys, new ChunkSizes(1024, 4096, 16 << 20)));
    }

    [Fact]
    public void Fixed_chunks_are_all_of_one_length_but_the_last()
    {
        var chunker = new FixedChunker(4096);
        Assert.Equal(4096, chunker.BytesMax);
        Assert.Equal([4096, 4096, 1], Lengths(chunker, new byte[8193]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FixedChunker(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FixedChunker((8 << 20) + 1));
    }

    private static IEnumerable<byte[]> Inputs()
    {
        yield return SeededBytes.Text(1 << 20, seed: 22);
        yield return SeededBytes.Noise((1 << 20) + 7, seed: 23);
        yield return new byte[100_001];
        yield return [.. Enumerable.Range(0, 60_000).Select(i => (byte)(i % 7))];
        foreach (var length in new[] { 1, 63, 64, 1023, 1024, 1025, 1087, 16_384, 16_385 })
        {
            yield return SeededBytes.Text(length, seed: length);
        }
    }

    private static ulong Candidates<TScan>(byte[] data, int multiplier, int addend)
        where TScan : struct, ICandidateScan
    {
        ulong all = 0;
        for (var at = 0; at < 64; at += TScan.Positions)
        {
            all |= TScan.Candidates(ref Unsafe.Add(ref data[0], CandidateScan.LookBackBytes + at), multiplier, addend) << at;
        }
        return all;
    }

    private static List<int> Lengths(IChunker chunker, byte[] data)
    {
        var lengths = new List<int>();
        for (var at = 0; at < data.Length; at += lengths[^1])
        {
            lengths.Add(chunker.Cut(data.AsSpan(at)));
        }
        return lengths;
    }

    private static List<int> Cuts(IChunker chunker, byte[] data)
    {
        var at = 0;
        return [.. Lengths(chunker, data).Select(length => at += length)];
    }

    private static HashSet<Hash256> Ids(IChunker chunker, byte[] data)
    {
        var at = 0;
        return [.. Lengths(chunker, data).Select(length => Hash256.Of(data.AsSpan((at += length) - length, length)))];
    }

    private static ChunkerKeys KeysOf(int seed)
    {
        var material = new KeyMaterial();
        SeededBytes.Noise(KeyMaterial.Bytes, seed).CopyTo(material.All);
        using var key = new RepositoryKey(material);
        return ChunkerKeys.Derive(key);
    }
}
