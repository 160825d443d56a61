using Larder.Engine.Backups;
using Larder.Engine.Errors;

namespace Larder.Engine.BackingUp;

/// <summary>A backup that was made.</summary>
public sealed record BackupResult
{
    public required string RunId { get; init; }

    public required Backup Backup { get; init; }

    /// <summary>What was left out, which repository was not written, which hook failed. Empty: all is well.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    public bool IsPartial => Warnings.Count > 0;

    public ExitStatus ExitStatus => IsPartial ? ExitStatus.Partial : ExitStatus.Done;
}
