using Larder.Repository.Snapshots;

namespace Larder.Engine.Browse;

/// <summary>One line of `larder ls`.</summary>
public sealed record ListedNode
{
    /// <summary>From the source's name on, <c>code/srv/app.py</c>; each name in its quoted form (a line feed is <c>\n</c>).</summary>
    public required string Path { get; init; }

    /// <summary>The last name of the path, quoted.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// <c>file</c>, <c>dir</c>, <c>symlink</c>, <c>dev</c>, <c>chardev</c>, <c>fifo</c>, <c>socket</c>, as restic says it.
    /// </summary>
    public required string Type { get; init; }

    /// <summary>Length of the content; 0 for what has none.</summary>
    public required long SizeBytes { get; init; }

    public required DateTimeOffset ModifiedAt { get; init; }

    /// <summary>As `ls -l` writes it: <c>-rw-r--r--</c>.</summary>
    public required string Mode { get; init; }

    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    public string? User { get; init; }

    public string? Group { get; init; }

    /// <summary>Quoted; null for all but symlinks.</summary>
    public string? LinkTarget { get; init; }

    internal static ListedNode From(string path, Node node) => new()
    {
        Path = path,
        Name = node.Name.ToQuoted(),
        Type = Word(node.Type),
        SizeBytes = (long)node.SizeBytes,
        ModifiedAt = node.ModifiedAt.ToDateTimeOffset(),
        Mode = ModeText(node),
        Uid = node.Uid,
        Gid = node.Gid,
        User = node.User,
        Group = node.Group,
        LinkTarget = node.LinkTarget is { } target ? new NodeName(target.ToArray()).ToQuoted() : null,
    };

    private static string Word(NodeType type) => type switch
    {
        NodeType.Directory => "dir",
        NodeType.BlockDevice => "dev",
        NodeType.CharacterDevice => "chardev",
        _ => type.ToString().ToLowerInvariant(),
    };

    private static string ModeText(Node node)
    {
        var bits = GoFileMode.ToPosix(node.Mode);
        Span<char> text = stackalloc char[10];
        text[0] = node.Type switch
        {
            NodeType.Directory => 'd',
            NodeType.Symlink => 'l',
            NodeType.BlockDevice => 'b',
            NodeType.CharacterDevice => 'c',
            NodeType.Fifo => 'p',
            NodeType.Socket => 's',
            _ => '-',
        };
        for (var i = 0; i < 9; i++)
        {
            text[i + 1] = (bits & (0x100u >> i)) != 0 ? "rwx"[i % 3] : '-';
        }

        // Setuid, setgid and sticky share a place with the three execute bits.
        Mark(text, 3, (bits & 0x800) != 0, 's');
        Mark(text, 6, (bits & 0x400) != 0, 's');
        Mark(text, 9, (bits & 0x200) != 0, 't');
        return text.ToString();
    }

    private static void Mark(Span<char> text, int place, bool isSet, char mark)
    {
        if (isSet)
        {
            text[place] = text[place] == 'x' ? mark : char.ToUpperInvariant(mark);
        }
    }
}
