using System.Security.Cryptography;

namespace Larder.Sources.Tests;

public sealed class FingerprintBuilderTests
{
    [Fact]
    public void The_order_of_rows_does_not_matter_and_their_number_does()
    {
        Assert.Equal(Build([1], [2], [3]), Build([3], [1], [2]));
        Assert.NotEqual(Build([1], [2]), Build([1], [2], [2]));
        Assert.NotEqual(Build([1], [1]), Build([2], [2]));
        Assert.NotEqual(Build(), Build(new byte[][] { [] }));
    }

    [Fact]
    public void Parts_combine_to_the_whole()
    {
        var whole = new FingerprintBuilder();
        whole.Add(Build([1], [2]));
        whole.Add(Build([3]));
        Assert.Equal(Build([1], [2], [3]), whole.ToFingerprint());
    }

    [Fact]
    public void A_row_is_the_first_half_of_its_hash()
    {
        // sha256 of "abc" from FIPS 180-2, appendix B.1.
        Assert.Equal("1:ba7816bf8f01cfea414140de5dae2223", Build("abc"u8.ToArray()).ToString());
        var builder = new FingerprintBuilder();
        builder.AddHash(SHA256.HashData("abc"u8));
        Assert.Equal(Build("abc"u8.ToArray()), builder.ToFingerprint());
    }

    [Fact]
    public void Rows_of_every_length_around_the_blocks_of_the_hash_are_hashed_right()
    {
        const int seed = 7;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var row = new byte[9000];
        new Random(seed).NextBytes(row);
        foreach (var bytes in Enumerable.Range(0, 300).Concat([4031, 4032, 4039, 4040, 4095, 4096, 4097, 9000]))
        {
            var expected = new FingerprintBuilder();
            expected.AddHash(SHA256.HashData(row.AsSpan(0, bytes)));
            Assert.Equal(expected.ToFingerprint(), Build(row[..bytes]));
        }
    }

    [Fact]
    public void Small_rows_allocate_nothing()
    {
        var builder = new FingerprintBuilder();
        builder.Add("warm"u8);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var row = 0; row < 1000; row++)
        {
            builder.Add("a row"u8);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Fingerprint Build(params byte[][] rows)
    {
        var builder = new FingerprintBuilder();
        foreach (var row in rows)
        {
            builder.Add(row.AsSpan());
        }
        return builder.ToFingerprint();
    }
}
