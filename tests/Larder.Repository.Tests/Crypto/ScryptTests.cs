using System.Runtime.InteropServices;
using System.Text;
using Larder.Repository.Crypto;
using Larder.Testing;

namespace Larder.Repository.Tests.Crypto;

public sealed partial class ScryptTests
{
    /// <summary>RFC 7914, section 12. The fourth vector needs 1 GiB and is left out.</summary>
    [Theory]
    [InlineData("", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")]
    [InlineData("pleaseletmein", "SodiumChloride", 16384, 8, 1, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")]
    public void The_vectors_of_the_RFC_hold(string password, string salt, int n, int r, int p, string expected)
    {
        var key = new byte[64];
        Scrypt.Derive(Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(salt), new ScryptCost(n, r, p), key);
        Assert.Equal(expected, Convert.ToHexStringLower(key));
    }

    [Fact]
    public Task Any_password_and_cost_give_the_key_that_OpenSSL_gives() => SeededRandom.RunManyAsync(40, random =>
    {
        var cost = new ScryptCost(1 << random.Next(1, 12), random.Next(1, 12), random.Next(1, 7));
        byte[] password = new byte[random.Next(100)], salt = new byte[random.Next(100)];
        byte[] ours = new byte[random.Next(1, 100)], theirs = new byte[ours.Length];
        random.NextBytes(password);
        random.NextBytes(salt);

        Scrypt.Derive(password, salt, cost, ours);
        Assert.Equal(1, OpenSsl(Pointed(password), password.Length, Pointed(salt), salt.Length, cost.N, cost.R, cost.P, 1 << 30, theirs, theirs.Length));

        Assert.True(ours.AsSpan().SequenceEqual(theirs), cost.ToString());
        return Task.CompletedTask;

        static byte[] Pointed(byte[] bytes) => bytes.Length == 0 ? new byte[1] : bytes; // A null pointer means something else there.
    });

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_PBE_scrypt")]
    private static partial int OpenSsl(
        byte[] password, nint passwordBytes, byte[] salt, nint saltBytes, long n, long r, long p, long memoryBytesMax, [Out] byte[] key, nint keyBytes);

    [Theory]
    [InlineData(1 << 20, 8, 1, true)] // Exactly 1 GiB.
    [InlineData(1 << 21, 8, 1, false)]
    [InlineData(32768, 8, 9, true)] // What restic chooses on a fast machine.
    [InlineData(2, 1, int.MaxValue, false)]
    [InlineData(2, 1, 1 << 22, false)] // Little memory for the table, much for the blocks.
    [InlineData(1 << 30, int.MaxValue, int.MaxValue, false)]
    [InlineData(0, 8, 1, false)]
    [InlineData(1, 8, 1, false)]
    [InlineData(1000, 8, 1, false)]
    [InlineData(1024, 0, 1, false)]
    [InlineData(1024, 8, -1, false)]
    [InlineData(int.MinValue, 8, 1, false)]
    public void A_cost_is_afforded_or_refused(int n, int r, int p, bool affordable) =>
        Assert.Equal(affordable, new ScryptCost(n, r, p).IsAffordable);
}
