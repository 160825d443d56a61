namespace Larder.Sources;

/// <summary>What went wrong at a source or at a restore's target. The engine gives each its number, hint and exit status.</summary>
public enum SourceError
{
    /// <summary>The file, folder or database is not there.</summary>
    NotFound,

    PermissionDenied,

    /// <summary>The server or file cannot be talked to.</summary>
    Unreachable,

    /// <summary>The source is damaged by its own check.</summary>
    Damaged,

    /// <summary>A program that is needed is not installed, or not in a version that fits.</summary>
    ToolMissing,

    /// <summary>A program ended with a bad exit status or was killed.</summary>
    ToolFailed,

    /// <summary>It took longer than the configured time-out.</summary>
    TimedOut,

    /// <summary>An entry was gone when its turn came.</summary>
    EntryVanished,

    /// <summary>An entry could not be read to its end.</summary>
    EntryUnreadable,

    /// <summary>The target of a restore is in use and cannot be replaced safely.</summary>
    TargetBusy,

    /// <summary>The target of a restore exists and is not what may be replaced.</summary>
    TargetExists,

    /// <summary>The target could not be written: permissions, an I/O error.</summary>
    TargetFailed,

    /// <summary>The target's file system is full.</summary>
    TargetFull,

    /// <summary>What was restored is not what the manifest says.</summary>
    Mismatch,
}

/// <summary>A source could not be read, or a target not be written. The message is a whole sentence with no secret in it.</summary>
public sealed class SourceException : Exception
{
    public SourceException(SourceError error, string message, Exception? inner = null)
        : base(message, inner) => Error = error;

    public SourceError Error { get; }

    /// <summary>Whether only one entry is lost: it is left out, and the backup goes on and ends `partial`.</summary>
    public bool SkipsEntry => Error is SourceError.EntryVanished or SourceError.EntryUnreadable;
}
