using System.Security.Cryptography;
using Larder.Repository.Crypto;
using Larder.Repository.Native;

namespace Larder.Repository.Tests.Crypto;

public sealed class Poly1305Tests
{
    /// <summary>Appendix B of Bernstein's paper: message, r, AES key, nonce, MAC.</summary>
    public static TheoryData<string, string, string, string, string> PaperVectors => new()
    {
        {
            "f3f6", "851fc40c3467ac0be05cc20404f3f700", "ec074c835580741701425b623235add6", "fb447350c4e868c52ac3275cf9d4327e",
            "f4c633c3044fc145f84f335cb81953de"
        },
        {
            "", "a0f3080000f46400d0c7e9076c834403", "75deaa25c09f208e1dc4ce6b5cad3fbf", "61ee09218d29b0aaed7e154a2c5509cc",
            "dd3fab2251f11ac759f0887129cc2ee7"
        },
        {
            "663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136", "48443d0bb0d21109c89a100b5ce2c208",
            "6acb5f61a7176dd320c5c1eb2edcdc74", "ae212a55399729595dea458bc621ff0e", "0ee1c16bb73f0f4fd19881753c01cdbe"
        },
        {
            "ab0812724a7f1e342742cbed374d94d136c6b8795d45b3819830f2c04491faf0990c62e48b8018b2c3e4a0fa3134cb67fa83e158c994d961c4cb21095c1bf9",
            "12976a08c4426d0ce8a82407c4f48207", "e1a5668a4d5b66a5f68cc5424ed5982d", "9ae831e743978d3a23527c7128149e3a",
            "5154ad0d2cb26e01274fc51148491f1b"
        },
    };

    [Theory]
    [MemberData(nameof(PaperVectors))]
    public void The_vectors_of_the_paper_hold_for_both_ciphers(string message, string r, string aesKey, string nonce, string mac)
    {
        using var material = new KeyMaterial();
        material.Encrypt.Fill(1);
        Convert.FromHexString(aesKey).CopyTo(material.MacK);
        Convert.FromHexString(r).CopyTo(material.MacR);
        Assert.True(LibCrypto.IsAvailable);
        foreach (var cipher in new BoxCipher[] { new PortableBoxCipher(material), new OpenSslBoxCipher(material) })
        {
            using (cipher)
            {
                var computed = new byte[16];
                cipher.ComputeMac(Convert.FromHexString(nonce), Convert.FromHexString(message), computed);
                Assert.Equal(mac, Convert.ToHexStringLower(computed));
            }
        }
    }

    /// <summary>Sums that just reach or pass 2^130 - 5 are where implementations break: RFC 8439, appendix A.3, vectors 7 to 11.</summary>
    [Theory]
    [InlineData("01", "00", "ffffffffffffffffffffffffffffffff" + "f0ffffffffffffffffffffffffffffff" + "11000000000000000000000000000000", "05")]
    [InlineData("01", "00", "ffffffffffffffffffffffffffffffff" + "fbfefefefefefefefefefefefefefefe" + "01010101010101010101010101010101", "00")]
    [InlineData("02", "00", "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff")]
    [InlineData("02", "ffffffffffffffffffffffffffffffff", "02000000000000000000000000000000", "03")]
    public void Carries_at_the_edge_of_the_prime_are_right(string r, string s, string message, string mac)
    {
        var key = Convert.FromHexString(r.PadRight(32, '0') + s.PadRight(32, '0'));
        var computed = new byte[16];
        Poly1305.Compute(key, Convert.FromHexString(message), computed);
        Assert.Equal(mac.PadRight(32, '0'), Convert.ToHexStringLower(computed));
    }

    [Fact]
    public void Extreme_blocks_are_the_same_in_both_ciphers()
    {
        const int seed = 7;
        var random = new Random(seed);
        for (var round = 0; round < 2000; round++)
        {
            using var material = new KeyMaterial();
            RandomNumberGenerator.Fill(material.All);
            material.MacR.Fill(random.Next(2) == 0 ? (byte)0xff : (byte)random.Next(256));
            using var portable = new PortableBoxCipher(material);
            using var native = new OpenSslBoxCipher(material);
            var message = new byte[random.Next(200)];
            message.AsSpan().Fill((byte)(random.Next(2) == 0 ? 0xff : random.Next(256)));
            var iv = RandomNumberGenerator.GetBytes(16);
            byte[] first = new byte[16], second = new byte[16];
            portable.ComputeMac(iv, message, first);
            native.ComputeMac(iv, message, second);
            Assert.True(first.AsSpan().SequenceEqual(second), $"Length {message.Length}, seed {seed}, round {round}.");
        }
    }
}
