namespace Larder.Sources.Files;

/// <summary>How <see cref="FileTreeWriter"/> treats what already stands in its root.</summary>
public sealed record FileTreeWriterOptions
{
    /// <summary>
    /// Whether files, symlinks and special files that stand there are replaced. Folders that stand there are always filled further.
    /// </summary>
    public bool Overwrite { get; init; } = true;

    /// <summary>Whether a folder may be replaced by something else (with all it contains), and something else by a folder.</summary>
    public bool ReplaceOtherTypes { get; init; }

    /// <summary>Whether runs of zeros, 4 KiB and longer, become holes.</summary>
    public bool Sparse { get; init; } = true;

    /// <summary>
    /// What a file is called until it is complete, in its folder; for a writer of one file only. Otherwise each has a name of its own.
    /// </summary>
    internal string? UnfinishedName { get; init; }
}
