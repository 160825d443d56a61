namespace Larder.Sources.Files;

/// <summary>What was taken over from a live folder into the one that was restored.</summary>
public sealed record CarriedOver
{
    /// <summary>Folders that the backup does not have.</summary>
    public required long Folders { get; init; }

    /// <summary>Files that now have a name in both. They take no room.</summary>
    public required long Linked { get; init; }

    /// <summary>Files that could not get a second name and were copied.</summary>
    public required long Copied { get; init; }

    public required long CopiedBytes { get; init; }

    /// <summary>Symlinks, pipes, sockets and devices.</summary>
    public required long Others { get; init; }

    /// <summary>What could not be taken over as it was; at most 1,000.</summary>
    public required IReadOnlyList<SourceWarning> Warnings { get; init; }
}
