namespace Larder.Sources.Command;

/// <summary>A program whose output is to be backed up.</summary>
public sealed record CommandSettings
{
    /// <summary>
    /// A command line for <c>/bin/sh</c>. The shell reports the last program of a pipeline only: see the folder's README.
    /// </summary>
    public required string Run { get; init; }

    /// <summary>The name of the file that holds the output in the backup, such as <c>dump.sql</c>: no slash in it.</summary>
    public string Name { get; init; } = "output";

    /// <summary>From start to exit; null waits for ever.</summary>
    public TimeSpan? Timeout { get; init; }
}
