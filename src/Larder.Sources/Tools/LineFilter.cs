using System.Text;

namespace Larder.Sources.Tools;

/// <summary>Splits what a program says into lines and keeps those that are wanted. Longer lines are cut at the bound.</summary>
internal sealed class LineFilter(Func<string, bool> keep, TailBuffer kept, int lineBytesMax)
{
    private readonly MemoryStream line = new();

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var part = end < 0 ? bytes : bytes[..end];
            line.Write(part[..Math.Min(part.Length, lineBytesMax - (int)line.Length)]);
            if (end < 0)
            {
                return;
            }
            Complete();
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>Ends the line that is being collected; nothing where there is none.</summary>
    public void Complete()
    {
        if (line.Length == 0)
        {
            return;
        }
        var bytes = line.GetBuffer().AsSpan(0, (int)line.Length);
        if (keep(Encoding.UTF8.GetString(bytes)))
        {
            kept.Write(bytes);
            kept.Write("\n"u8);
        }
        line.SetLength(0);
    }
}
