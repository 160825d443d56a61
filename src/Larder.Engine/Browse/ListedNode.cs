namespace Larder.Engine.Browse;

/// <summary>One line of `larder ls`.</summary>
public sealed record ListedNode
{
    /// <summary>From the source's name on, <c>code/srv/app.py</c>; each name in its quoted form (a line feed is <c>\n</c>).</summary>
    public required string Path { get; init; }

    /// <summary>The last name of the path, quoted.</summary>
    public required string Name { get; init; }

    /// <summary><c>file</c>, <c>dir</c>, <c>symlink</c>, <c>dev</c>, <c>chardev</c>, <c>fifo</c>, <c>socket</c>, as restic says it.</summary>
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
}
