using System.Text;

namespace Larder.Sources.Sqlite;

/// <summary>Collects SQL text in a buffer, so that a row of many small values is not as many writes.</summary>
internal sealed class SqlWriter(Stream output) : IDisposable
{
    private readonly byte[] buffer = new byte[128 * 1024];
    private int used;

    public void Add(string text)
    {
        if (Encoding.UTF8.GetMaxByteCount(text.Length) <= buffer.Length)
        {
            Reserve(Encoding.UTF8.GetMaxByteCount(text.Length));
            used += Encoding.UTF8.GetBytes(text, buffer.AsSpan(used));
            return;
        }
        Add(Encoding.UTF8.GetBytes(text));
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Reserve(1);
            var part = Math.Min(bytes.Length, buffer.Length - used);
            bytes[..part].CopyTo(buffer.AsSpan(used));
            used += part;
            bytes = bytes[part..];
        }
    }

    public void Hex(ReadOnlySpan<byte> bytes)
    {
        const string digits = "0123456789abcdef";
        foreach (var one in bytes)
        {
            Reserve(2);
            buffer[used++] = (byte)digits[one >> 4];
            buffer[used++] = (byte)digits[one & 15];
        }
    }

    public void Line(string text)
    {
        Add(text);
        Add("\n");
    }

    public void Dispose()
    {
        output.Write(buffer, 0, used);
        used = 0;
        output.Flush();
    }

    private void Reserve(int bytes)
    {
        if (used + bytes > buffer.Length)
        {
            output.Write(buffer, 0, used);
            used = 0;
        }
    }
}
