using System.Globalization;
using System.Text;

namespace Larder.Bench;

/// <summary>Tab-separated rows of ids, names, times, sums and words, as <c>pg_dump</c> writes them. The same for a seed.</summary>
internal static class KernelData
{
    private static readonly string[] Words =
        ["order", "shipped", "invoice", "customer", "returned", "paid", "pending", "warehouse", "north", "express", "gift", "note"];

    public static byte[] Create(int bytes, int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder(bytes + 200);
        for (var id = 1_000_000; text.Length < bytes; id++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{id}\tuser{random.Next(100_000)}@example.org\t");
            text.Append(CultureInfo.InvariantCulture, $"2026-0{random.Next(1, 10)}-1{random.Next(10)} ");
            text.Append(CultureInfo.InvariantCulture, $"0{random.Next(10)}:{random.Next(10, 60)}:{random.Next(10, 60)}");
            text.Append(CultureInfo.InvariantCulture, $".{random.Next(1_000_000):d6}\t");
            text.Append(CultureInfo.InvariantCulture, $"{random.Next(100_000)}.{random.Next(100):d2}\t");
            for (var word = random.Next(2, 12); word > 0; word--)
            {
                text.Append(Words[random.Next(Words.Length)]).Append(' ');
            }
            text.Append("\\N\n");
        }
        return Encoding.ASCII.GetBytes(text.ToString(0, bytes));
    }

    public static byte[] Noise(int bytes, int seed)
    {
        var noise = new byte[bytes];
        new Random(seed).NextBytes(noise);
        return noise;
    }
}
