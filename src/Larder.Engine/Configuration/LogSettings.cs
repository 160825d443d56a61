namespace Larder.Engine.Configuration;

/// <summary>Where log files are and how they grow.</summary>
public sealed record LogSettings
{
    /// <summary>Absolute.</summary>
    public required string Folder { get; init; }

    /// <summary>One JSON object a line, and not words for people.</summary>
    public bool IsJson { get; init; }

    /// <summary>A file that is larger is put aside before the next line.</summary>
    public long FileBytesMax { get; init; } = 10_000_000;

    /// <summary>How many that were put aside are kept.</summary>
    public int Keep { get; init; } = 5;
}
