using FsCheck;
using FsCheck.Fluent;
using Larder.Repository.Crypto;

namespace Larder.Repository.Tests.Crypto;

public sealed class RepositoryKeyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_sealed_opens_and_a_copy_of_the_key_opens_it_too(bool portable)
    {
        using var key = NewKey(portable);
        using var copy = RepositoryKey.FromJson(key.ToJson());
        Prop.ForAll<byte[]>(plain =>
        {
            var box = Seal(key, plain);
            return plain.AsSpan().SequenceEqual(Open(key, box)) && plain.AsSpan().SequenceEqual(Open(copy, box));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(4095)]
    [InlineData(4097)]
    [InlineData(16 * 1024)]
    [InlineData((16 * 1024) + 1)]
    [InlineData((1 << 20) + 5)]
    public void Portable_and_native_open_each_other(int bytes)
    {
        using var native = NewKey(portable: false);
        using var portable = new RepositoryKey(RepositoryKey.ParseMaterial(native.ToJson()), portable: true);
        var plain = SeededBytes.Noise(bytes, seed: bytes);
        Assert.Equal(plain, Open(portable, Seal(native, plain)));
        Assert.Equal(plain, Open(native, Seal(portable, plain)));
    }

    [Fact]
    public void The_counter_carries_through_the_whole_block_in_both_ciphers()
    {
        using var material = new KeyMaterial();
        SeededBytes.Noise(KeyMaterial.Bytes, seed: 3).CopyTo(material.All);
        using var native = new OpenSslBoxCipher(material);
        using var portable = new PortableBoxCipher(material);
        var plain = SeededBytes.Noise(10_000, seed: 4);
        foreach (var iv in new[] { "ffffffffffffffffffffffffffffffff", "00000000fffffffffffffffffffffffe", "000000000000000000000000ffffffff" })
        {
            byte[] first = new byte[plain.Length], second = new byte[plain.Length], firstMac = new byte[16], secondMac = new byte[16];
            native.Encrypt(Convert.FromHexString(iv), plain, first, firstMac);
            portable.Encrypt(Convert.FromHexString(iv), plain, second, secondMac);
            Assert.Equal(first, second);
            Assert.Equal(firstMac, secondMac);
            native.Decrypt(Convert.FromHexString(iv), first, first);
            Assert.Equal(plain, first);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_single_bit_flip_is_refused_and_leaves_the_plaintext_untouched(bool portable)
    {
        using var key = NewKey(portable);
        var box = Seal(key, SeededBytes.Text(100, seed: 5));
        var plain = new byte[100];
        for (var bit = 0; bit < 8 * box.Length; bit++)
        {
            box[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(key.TryOpen(box, plain), $"bit {bit}");
            box[bit / 8] ^= (byte)(1 << (bit % 8));
        }
        Assert.Equal(new byte[100], plain);
        Assert.True(key.TryOpen(box, plain));
    }

    [Fact]
    public void Another_key_a_cut_box_and_an_IV_of_zeros_are_refused()
    {
        using var key = RepositoryKey.Generate();
        using var other = RepositoryKey.Generate();
        var box = Seal(key, SeededBytes.Text(100, seed: 6));
        Assert.Null(Open(other, box));
        for (var bytes = 0; bytes < box.Length; bytes++)
        {
            Assert.False(key.TryOpen(box.AsSpan(0, bytes), new byte[Math.Max(0, bytes - RepositoryKey.OverheadBytes)]));
        }

        // A box that would open, had it not been sealed under the one IV that the format forbids.
        using var cipher = new OpenSslBoxCipher(RepositoryKey.ParseMaterial(key.ToJson()));
        var forbidden = new byte[box.Length];
        cipher.Encrypt(forbidden.AsSpan(0, 16), SeededBytes.Text(100, seed: 6), forbidden.AsSpan(16, 100), forbidden.AsSpan(116));
        Assert.Null(Open(key, forbidden));
    }

    [Fact]
    public void The_same_plaintext_is_never_sealed_to_the_same_box()
    {
        using var key = RepositoryKey.Generate();
        var boxes = Enumerable.Range(0, 100).Select(_ => Convert.ToHexString(Seal(key, "same"u8.ToArray()))).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(100, boxes.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sealing_and_opening_work_in_place(bool portable)
    {
        using var key = NewKey(portable);
        var plain = SeededBytes.Noise(50_000, seed: 7);
        var box = new byte[plain.Length + RepositoryKey.OverheadBytes];
        plain.CopyTo(box, 16);
        key.Seal(box.AsSpan(16, plain.Length), box);
        Assert.Equal(plain, Open(key, box));
        Assert.True(key.TryOpen(box, box.AsSpan(16, plain.Length)));
        Assert.Equal(plain, box.AsSpan(16, plain.Length).ToArray());
        Assert.Throws<ArgumentException>(() => key.Seal(box.AsSpan(15, plain.Length), box));
        Assert.Throws<ArgumentException>(() => key.TryOpen(box, box.AsSpan(17, plain.Length)));
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_said_so()
    {
        using var key = RepositoryKey.Generate();
        Assert.Throws<ArgumentException>(() => key.Seal(new byte[10], new byte[41]));
        Assert.Throws<ArgumentException>(() => key.TryOpen(new byte[42], new byte[11]));
    }

    [Fact]
    public async Task Many_threads_share_one_key()
    {
        using var key = RepositoryKey.Generate();
        await Parallel.ForAsync(0, 64, TestContext.Current.CancellationToken, (worker, _) =>
        {
            for (var round = 0; round < 50; round++)
            {
                var plain = SeededBytes.Noise(1 + (worker * 37) + round, (worker * 1000) + round);
                Assert.Equal(plain, Open(key, Seal(key, plain)));
            }
            return ValueTask.CompletedTask;
        });
    }

    [Fact]
    public void A_disposed_key_seals_nothing_and_tells_nothing()
    {
        var key = RepositoryKey.Generate();
        var box = Seal(key, [1, 2, 3]);
        key.Dispose();
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Seal(key, [1]));
        Assert.Throws<ObjectDisposedException>(() => Open(key, box));
        Assert.Throws<ObjectDisposedException>(() => key.ToJson());
        Assert.Throws<ObjectDisposedException>(() => key.Derive("anything", 16));
    }

    [Fact]
    public void The_secret_is_zeroed_when_the_key_is_disposed()
    {
        var material = new KeyMaterial();
        SeededBytes.Noise(KeyMaterial.Bytes, seed: 8).CopyTo(material.All);
        var key = new RepositoryKey(material);
        Seal(key, [1]);
        key.Dispose();
        Assert.Equal(new byte[KeyMaterial.Bytes], material.All.ToArray());
    }

    [Fact]
    public void Derived_secrets_depend_on_purpose_and_on_every_part_of_the_key()
    {
        var seed = SeededBytes.Noise(KeyMaterial.Bytes, seed: 9);
        var derived = new HashSet<string>(StringComparer.Ordinal) { Derive(seed, "one"), Derive(seed, "two") };
        for (var at = 0; at < KeyMaterial.Bytes; at += 16)
        {
            seed[at] ^= 1;
            derived.Add(Derive(seed, "one"));
            seed[at] ^= 1;
        }
        Assert.Equal(6, derived.Count);
        Assert.Contains(Derive(seed, "one"), derived);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"mac":null,"encrypt":"AQ=="}""")]
    [InlineData("""{"mac":{"k":"AQEBAQEBAQEBAQEBAQEBAQ==","r":"AQEBAQEBAQEBAQEBAQEBAQ=="},"encrypt":"AQEBAQ=="}""")]
    [InlineData("""{"mac":{"k":"AQEBAQEBAQEBAQEBAQEBAQ==","r":"AAAAAAAAAAAAAAAAAAAAAA=="},"encrypt":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}""")]
    [InlineData("""{"mac":{"k":5,"r":"AQEBAQEBAQEBAQEBAQEBAQ=="},"encrypt":"***"}""")]
    public void What_is_not_a_key_is_damaged(string json)
    {
        var error = Assert.Throws<RepositoryException>(() => RepositoryKey.FromJson(System.Text.Encoding.UTF8.GetBytes(json)));
        Assert.Equal(RepositoryError.Damaged, error.Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_is_allocated_for_a_blob(bool portable)
    {
        using var key = NewKey(portable);
        var plain = SeededBytes.Text(20_000, seed: 10);
        var box = new byte[plain.Length + RepositoryKey.OverheadBytes];
        Allocations.AssertNone(() =>
        {
            key.Seal(plain, box);
            key.TryOpen(box, plain);
        });
    }

    private static string Derive(byte[] secret, string purpose)
    {
        var material = new KeyMaterial();
        secret.CopyTo(material.All);
        using var key = new RepositoryKey(material);
        return Convert.ToHexString(key.Derive(purpose, 40));
    }

    private static RepositoryKey NewKey(bool portable)
    {
        using var generated = RepositoryKey.Generate();
        return new RepositoryKey(RepositoryKey.ParseMaterial(generated.ToJson()), portable);
    }

    private static byte[] Seal(RepositoryKey key, byte[] plain)
    {
        var box = new byte[plain.Length + RepositoryKey.OverheadBytes];
        key.Seal(plain, box);
        return box;
    }

    private static byte[]? Open(RepositoryKey key, byte[] box)
    {
        var plain = new byte[box.Length - RepositoryKey.OverheadBytes];
        return key.TryOpen(box, plain) ? plain : null;
    }
}
