using System.Runtime.InteropServices;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// The names in one directory, sorted by their bytes. They lie in one array, each with its NUL, so a million names of 20 bytes take
/// about 30 MB and two objects rather than a million.
/// </summary>
internal sealed class DirectoryNames
{
    private readonly List<Range> ranges;
    private readonly byte[] bytes;

    private DirectoryNames(byte[] bytes, List<Range> ranges)
    {
        this.bytes = bytes;
        this.ranges = ranges;
        ranges.Sort((left, right) => Span(left).SequenceCompareTo(Span(right)));
    }

    public int Count => ranges.Count;

    /// <summary>With its NUL, as system calls want it.</summary>
    public ReadOnlySpan<byte> this[int index] => bytes.AsSpan(ranges[index].Start, ranges[index].Length + 1);

    public static DirectoryNames From(IEnumerable<byte[]> names)
    {
        var all = new List<byte>();
        var found = new List<Range>();
        foreach (var name in names)
        {
            found.Add(new Range(all.Count, name.Length));
            all.AddRange(name);
            all.Add(0);
        }
        return new DirectoryNames([.. all], found);
    }

    /// <summary>Reads an open directory to its end.</summary>
    /// <param name="error">0, or the error number that ended the reading early; the names read until then are returned.</param>
    public static DirectoryNames Read(int directory, byte[] buffer, out int error)
    {
        var all = new byte[512];
        var used = 0;
        var found = new List<Range>();
        int read;
        while ((read = LibcFiles.GetDirectoryEntries(directory, buffer)) > 0)
        {
            // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, then the name and its NUL.
            for (var record = buffer.AsSpan(0, read); !record.IsEmpty;)
            {
                var length = MemoryMarshal.Read<ushort>(record[16..]);
                var name = record[19..length];
                name = name[..name.IndexOf((byte)0)];
                record = record[length..];
                if (name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
                {
                    continue;
                }
                if (used + name.Length + 1 > all.Length)
                {
                    Array.Resize(ref all, Math.Max(all.Length * 2, used + name.Length + 1));
                }
                name.CopyTo(all.AsSpan(used));
                all[used + name.Length] = 0;
                found.Add(new Range(used, name.Length));
                used += name.Length + 1;
            }
        }
        error = -read;
        return new DirectoryNames(all, found);
    }

    private ReadOnlySpan<byte> Span(Range range) => bytes.AsSpan(range.Start, range.Length);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Range(int Start, int Length);
}
