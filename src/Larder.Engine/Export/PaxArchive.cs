using System.Globalization;
using System.Text;
using Larder.Engine.Restore;
using Larder.Repository.Snapshots;
using Larder.Sources;

namespace Larder.Engine.Export;

/// <summary>
/// Writes nodes as a tar archive in PAX form (POSIX.1-2001, <c>pax</c> interchange format), with names as the bytes that they are. The same
/// backup gives the same bytes. .NET's own writer pulls contents and knows names as text only; contents are pushed here, and names need not
/// be text.
/// </summary>
internal sealed class PaxArchive(Stream output, EntryPath prefix) : INodeSink
{
    private const int BlockBytes = 512;

    private readonly LinkedFiles links = new();
    private readonly List<SourceWarning> warnings = [];
    private readonly byte[] header = new byte[BlockBytes];
    private long written;

    public IReadOnlyList<SourceWarning> Warnings => warnings;

    /// <summary>Two empty blocks end an archive; it may hold the trees of several writers before them.</summary>
    public static ValueTask EndArchiveAsync(Stream output, CancellationToken cancellationToken) =>
        output.WriteAsync(new byte[2 * BlockBytes], cancellationToken);

    public bool WantsContent(in PlacedNode node) => links.IsFirst(node);

    public async ValueTask BeginAsync(PlacedNode node, CancellationToken cancellationToken)
    {
        if (TypeFlag(node) is not { } type)
        {
            warnings.Add(
                new SourceWarning(
                    node.Path.ToString(), $"It is left out: an archive holds no {node.Node.Type.ToString().ToLowerInvariant()}."));
            return;
        }
        var path = Prefixed(node.Path);
        byte[] name = type == '5' ? [.. path, (byte)'/'] : path;
        var link = type switch
        {
            '1' => Prefixed(links.FirstOf(node)!.Value),
            '2' => node.Node.LinkTarget?.ToArray() ?? [],
            _ => [],
        };
        var size = type == '0' ? (long)node.Node.SizeBytes : 0;
        var records = Records(node.Node, name, link, size);
        if (records.Length > 0)
        {
            WriteHeader("PaxHeaders/x"u8, [], 'x', records.Length, null);
            await output.WriteAsync(header, cancellationToken);
            await output.WriteAsync(records, cancellationToken);
            await PadAsync(records.Length, cancellationToken);
        }
        WriteHeader(name, link, type, size, node.Node);
        await output.WriteAsync(header, cancellationToken);
        written = 0;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        written += bytes.Length;
        return output.WriteAsync(bytes, cancellationToken);
    }

    public async ValueTask EndAsync(PlacedNode node, CancellationToken cancellationToken)
    {
        if (written != (long)node.Node.SizeBytes)
        {
            throw new SourceException(
                SourceError.Mismatch,
                $"\"{node.Path}\" has {written} bytes, and the backup's listing, which the archive follows, says {node.Node.SizeBytes}.");
        }
        await PadAsync(written, cancellationToken);
    }

    private char? TypeFlag(in PlacedNode node) => node.Node.Type switch
    {
        NodeType.File => links.FirstOf(node) is null ? '0' : '1',
        NodeType.Symlink => '2',
        NodeType.CharacterDevice => '3',
        NodeType.BlockDevice => '4',
        NodeType.Directory => '5',
        NodeType.Fifo => '6',
        _ => null,
    };

    private byte[] Prefixed(EntryPath path) => prefix.IsEmpty ? path.Bytes.ToArray() : [.. prefix.Bytes, (byte)'/', .. path.Bytes];

    private ValueTask PadAsync(long length, CancellationToken cancellationToken)
    {
        var rest = (int)(length % BlockBytes);
        return rest == 0 ? default : output.WriteAsync(new byte[BlockBytes - rest], cancellationToken);
    }

    /// <summary>What does not fit into the old header.</summary>
    private static byte[] Records(Node node, byte[] name, byte[] link, long size)
    {
        using var records = new MemoryStream();
        if (name.Length > 100 || name.AsSpan().ContainsAnyExceptInRange((byte)0x20, (byte)0x7E))
        {
            Add("path", name);
        }
        if (link.Length > 100 || link.AsSpan().ContainsAnyExceptInRange((byte)0x20, (byte)0x7E))
        {
            Add("linkpath", link);
        }
        if (size >= 1L << 33)
        {
            AddText("size", size.ToString(CultureInfo.InvariantCulture));
        }
        if (node.Uid > 0x1F_FFFF)
        {
            AddText("uid", node.Uid.ToString(CultureInfo.InvariantCulture));
        }
        if (node.Gid > 0x1F_FFFF)
        {
            AddText("gid", node.Gid.ToString(CultureInfo.InvariantCulture));
        }
        if (node.ModifiedAt is not { Nanoseconds: 0, Seconds: >= 0 and < 1L << 33 })
        {
            AddText("mtime", Seconds(node.ModifiedAt));
        }
        foreach (var attribute in node.ExtendedAttributes)
        {
            Add($"SCHILY.xattr.{attribute.Name}", attribute.Value.Span);
        }
        return records.ToArray();

        void AddText(string key, string value) => Add(key, Encoding.ASCII.GetBytes(value));

        void Add(string key, ReadOnlySpan<byte> value)
        {
            // "LENGTH KEY=VALUE\n", where the length counts its own digits.
            var rest = 3 + Encoding.UTF8.GetByteCount(key) + value.Length;
            var length = rest + 1;
            while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length)
            {
                length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
            }
            records.Write(Encoding.UTF8.GetBytes($"{length} {key}="));
            records.Write(value);
            records.WriteByte((byte)'\n');
        }
    }

    private static string Seconds(UnixTime time)
    {
        // Before 1970, -1.25 is second -2 and 750,000,000 nanoseconds.
        var isBefore = time is { Seconds: < 0, Nanoseconds: > 0 };
        var (seconds, nanoseconds) = isBefore ? (time.Seconds + 1, 1_000_000_000 - time.Nanoseconds) : (time.Seconds, time.Nanoseconds);
        var sign = isBefore && seconds == 0 ? "-" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{seconds}.{nanoseconds:d9}");
    }

    private void WriteHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> link, char type, long size, Node? node)
    {
        Array.Clear(header);
        name[..Math.Min(name.Length, 100)].CopyTo(header);
        Octal(100, 8, node is null ? 0x1A4 : GoFileMode.ToPosix(node.Mode) & 0xFFF);
        Octal(108, 8, node is null || node.Uid > 0x1F_FFFF ? 0 : node.Uid);
        Octal(116, 8, node is null || node.Gid > 0x1F_FFFF ? 0 : node.Gid);
        Octal(124, 12, size >= 1L << 33 ? 0 : size);
        Octal(136, 12, Math.Clamp(node?.ModifiedAt.Seconds ?? 0, 0, (1L << 33) - 1));
        header[156] = (byte)type;
        link[..Math.Min(link.Length, 100)].CopyTo(header.AsSpan(157));
        "ustar\000"u8.CopyTo(header.AsSpan(257));
        Name(265, node?.User);
        Name(297, node?.Group);
        if (type is '3' or '4')
        {
            var device = node!.Device; // As glibc packs it.
            Octal(329, 8, (long)(((device >> 8) & 0xFFF) | ((device >> 32) & ~0xFFFUL)));
            Octal(337, 8, (long)((device & 0xFF) | ((device >> 12) & 0xFFFFFF00UL)));
        }
        header.AsSpan(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var one in header)
        {
            sum += one;
        }
        Octal(148, 7, sum);
    }

    private void Octal(int at, int width, long value)
    {
        var text = Convert.ToString(value, 8).PadLeft(width - 1, '0');
        Encoding.ASCII.GetBytes(text, header.AsSpan(at));
        header[at + width - 1] = 0;
    }

    private void Name(int at, string? name)
    {
        if (name is not null && name.Length < 32 && Ascii.IsValid(name))
        {
            Encoding.ASCII.GetBytes(name, header.AsSpan(at));
        }
    }
}
