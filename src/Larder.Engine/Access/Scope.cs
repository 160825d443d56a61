namespace Larder.Engine.Access;

/// <summary>What a token may be used for, within what its user may.</summary>
public enum Scope
{
    /// <summary>Lists, runs, reports, plans.</summary>
    Read,

    /// <summary>Contents of backups: rows, documents, downloads.</summary>
    Data,

    /// <summary>Begins backups, pins them, cancels runs.</summary>
    Backup,

    /// <summary>Begins verifications and drills.</summary>
    Verify,

    /// <summary>Begins restores and rollbacks.</summary>
    Restore,

    /// <summary>Removes backups: by name, or as retention says.</summary>
    Remove,

    /// <summary>Figures for a monitoring system, and nothing else.</summary>
    Metrics,

    /// <summary>Users, tokens, the audit log, passwords and copies of repositories.</summary>
    Admin,
}
