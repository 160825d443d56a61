using System.Text;

namespace Larder.Sources.Tools;

/// <summary>Keeps the last bytes of what a program says. Safe for one writer and any readers.</summary>
internal sealed class TailBuffer(int capacityBytes)
{
    private readonly byte[] ring = new byte[capacityBytes];
    private readonly Lock gate = new();
    private long total;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            total += Math.Max(0, bytes.Length - ring.Length);
            bytes = bytes[Math.Max(0, bytes.Length - ring.Length)..];
            var start = (int)(total % ring.Length);
            var first = Math.Min(bytes.Length, ring.Length - start);
            bytes[..first].CopyTo(ring.AsSpan(start));
            bytes[first..].CopyTo(ring);
            total += bytes.Length;
        }
    }

    public override string ToString()
    {
        lock (gate)
        {
            if (total <= ring.Length)
            {
                return Encoding.UTF8.GetString(ring, 0, (int)total);
            }
            var start = (int)(total % ring.Length);
            return Encoding.UTF8.GetString([.. ring.AsSpan(start), .. ring.AsSpan(0, start)]);
        }
    }
}
