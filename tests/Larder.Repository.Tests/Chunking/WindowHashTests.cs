using System.Buffers.Binary;
using System.Numerics;
using Larder.Repository.Chunking;

namespace Larder.Repository.Tests.Chunking;

public sealed class WindowHashTests
{
    [Fact]
    public void SipHash_gives_the_reference_value()
    {
        // Key 00..0f and message 00..0f: entry 16 of vectors_sip64 in the reference implementation; `openssl mac` agrees.
        var hash = WindowHash.SipHash24(0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
        Assert.Equal(BinaryPrimitives.ReadUInt64LittleEndian([0xdb, 0x9b, 0xc2, 0x57, 0x7f, 0xcc, 0x2a, 0x3f]), hash);
    }

    [Fact]
    public void The_compression_is_the_sum_of_products_modulo_2_to_the_128()
    {
        const int seed = 11;
        var random = new Random(seed);
        for (var round = 0; round < 1000; round++)
        {
            var keys = new ulong[8];
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(keys.AsSpan()));
            var window = SeededBytes.Noise(64, random.Next());
            var sum = BigInteger.Zero;
            for (var i = 0; i < 8; i += 2)
            {
                var a = BinaryPrimitives.ReadUInt64LittleEndian(window.AsSpan(8 * i)) + keys[i];
                var b = BinaryPrimitives.ReadUInt64LittleEndian(window.AsSpan(8 * (i + 1))) + keys[i + 1];
                sum += (BigInteger)a * b;
            }
            var low = (ulong)(sum & ulong.MaxValue);
            var high = (ulong)((sum >> 64) & ulong.MaxValue);
            Assert.Equal(WindowHash.SipHash24(1, 2, low, high), new WindowHash(keys, 1, 2).Compute(ref window[0]));
        }
    }
}
