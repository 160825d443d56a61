namespace Larder.Sources;

/// <summary>How an entry's content behaves from one backup to the next; it decides how its stream is cut.</summary>
public enum ContentStyle
{
    /// <summary>A dump: rows move when others are inserted. Cut by content, finely.</summary>
    Dump,

    /// <summary>A file of fixed pages that are written in place. Cut at page borders.</summary>
    Pages,

    /// <summary>Any other file. Cut by content, coarsely.</summary>
    File,
}

/// <summary>One thing a session hands over: a file with its content, a directory, a symlink…</summary>
public sealed record SourceEntry
{
    /// <summary>Where it lies inside the source. Its directories were handed over before it.</summary>
    public required EntryPath Path { get; init; }

    public required EntryAttributes Attributes { get; init; }

    public ContentStyle Style { get; init; } = ContentStyle.File;

    /// <summary>
    /// Opens the content of a file; null for all else. Called at most once, and the stream is read to its end and disposed before the
    /// session goes on to the next entry, unless <see cref="ISourceSession.ContentsAtOnce"/> allows for more.
    /// A <see cref="SourceException"/> with <see cref="SourceException.SkipsEntry"/>, from here or from
    /// reading, means: leave this entry out and go on; the session has noted it among its warnings. Any other exception ends the backup.
    /// </summary>
    public Func<CancellationToken, ValueTask<Stream>>? OpenContent { get; init; }
}
