namespace Larder.Repository.Tests;

/// <summary>Bytes that are the same for a seed.</summary>
internal static class SeededBytes
{
    public static byte[] Noise(int bytes, int seed)
    {
        var noise = new byte[bytes];
        new Random(seed).NextBytes(noise);
        return noise;
    }

    /// <summary>Rows of text with few distinct words: what compresses well and repeats.</summary>
    public static byte[] Text(int bytes, int seed)
    {
        var random = new Random(seed);
        var text = new byte[bytes];
        for (var at = 0; at < bytes;)
        {
            var row = System.Text.Encoding.ASCII.GetBytes(
                $"{random.Next(1_000_000)}\tuser{random.Next(5000)}@example.org\t2026-11-{random.Next(10, 29)}\torder shipped\t\\N\n");
            var take = Math.Min(row.Length, bytes - at);
            row.AsSpan(0, take).CopyTo(text.AsSpan(at));
            at += take;
        }
        return text;
    }

    /// <summary>A copy with one to eight bytes changed, or a piece cut off or added.</summary>
    public static byte[] Mutate(byte[] bytes, Random random)
    {
        var mutated = bytes.ToArray();
        switch (random.Next(4))
        {
            case 0:
                return mutated[..random.Next(mutated.Length)];
            case 1:
                return [.. mutated, .. Noise(random.Next(1, 20), random.Next())];
            default:
                for (var count = random.Next(1, 9); count > 0; count--)
                {
                    mutated[random.Next(mutated.Length)] ^= (byte)(1 << random.Next(8));
                }
                return mutated;
        }
    }
}
