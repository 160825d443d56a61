using System.Buffers;
using System.Text;

namespace Larder.Sources.Tools;

/// <summary>Splits what a program says into lines and keeps those that are wanted. Longer lines are cut at the bound.</summary>
internal sealed class LineFilter(Func<string, bool> keep, TailBuffer kept, int lineBytesMax)
{
    private readonly ArrayBufferWriter<byte> line = new();

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var part = end < 0 ? bytes : bytes[..end];
            line.Write(part[..Math.Min(part.Length, lineBytesMax - line.WrittenCount)]);
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
        if (line.WrittenCount == 0)
        {
            return;
        }
        if (keep(Encoding.UTF8.GetString(line.WrittenSpan)))
        {
            kept.Write(line.WrittenSpan);
            kept.Write("\n"u8);
        }
        line.ResetWrittenCount();
    }
}
