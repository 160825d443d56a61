namespace Larder.Sources.Sqlite;

/// <summary>What a restore has just done. After each of them a killed process leaves a whole database at the target, old or new.</summary>
public enum SqliteRestoreStep
{
    /// <summary>The copy is whole and holds what the backup recorded.</summary>
    CopyChecked,

    /// <summary>The copy is durable and has the owner and mode of the database it replaces.</summary>
    CopyPrepared,

    /// <summary>Nobody else can use the live database, and everything in it is in its one file.</summary>
    TargetTaken,

    /// <summary>Nothing that would apply to a database of this name lies beside it any more.</summary>
    CompanionsRemoved,

    /// <summary>The copy bears the target's name, the old database the copy's.</summary>
    Exchanged,

    /// <summary>The old database bears the name under which it is kept, and all of it is durable.</summary>
    Finished,
}
