namespace Larder.Repository.Tests.Index;

/// <summary>Feeds a decoder with damaged and random bytes: it may read them or throw RepositoryException, and nothing else, and within
/// bounded memory.</summary>
internal static class Fuzz
{
    private const int Rounds = 4000;

    public delegate void Decoder(ReadOnlySpan<byte> bytes);

    public static void Check(byte[] sound, Decoder decode)
    {
        decode(sound);
        for (var seed = 0; seed < Rounds; seed++)
        {
            var bytes = Damage(sound, new Random(seed));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                decode(bytes);
            }
            catch (RepositoryException exception)
            {
                Assert.True(exception.Error is RepositoryError.Damaged or RepositoryError.Unsupported, $"Seed {seed}: {exception}");
            }
            catch (Exception exception)
            {
                Assert.Fail($"Seed {seed}: {exception}");
            }

            // Half a megabyte for buffers and the exception, and a fixed multiple of the input.
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 500_000 + (100L * bytes.Length), $"Seed {seed}: {allocated} bytes were allocated for {bytes.Length}.");
        }
    }

    private static byte[] Damage(byte[] sound, Random random)
    {
        var bytes = sound.ToArray();
        switch (random.Next(6))
        {
            case 0:
                var noise = new byte[random.Next(300)];
                random.NextBytes(noise);
                return noise;
            case 1:
                return bytes[..random.Next(bytes.Length)];
            case 2:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 3:
                // A piece of it, moved elsewhere.
                var from = random.Next(bytes.Length);
                var piece = bytes.AsSpan(from, random.Next(Math.Min(200, bytes.Length - from)));
                var at = random.Next(bytes.Length);
                return [.. bytes[..at], .. piece, .. bytes[at..]];
            case 4:
                // A value replaced by one that tempts a parser.
                string[] tempting = ["null", "-1", "1e99", "18446744073709551616", "\"\\ud800\"", "\"\\u0000\"", "{}", "[]", "[[", "\"\xff\"", "\"\\\\xff\"", "\"\\\\\""];
                var value = System.Text.Encoding.Latin1.GetBytes(tempting[random.Next(tempting.Length)]);
                var colons = Enumerable.Range(0, bytes.Length).Where(i => bytes[i] == ':').ToList();
                var start = colons[random.Next(colons.Count)] + 1;
                var length = Math.Max(0, bytes.AsSpan(start).IndexOfAny((byte)',', (byte)'}'));
                return [.. bytes[..start], .. value, .. bytes[(start + length)..]];
            default:
                for (var i = random.Next(1, 8); i > 0; i--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }
                return bytes;
        }
    }
}
