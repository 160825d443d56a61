namespace Larder.Engine.Errors;

/// <summary>How the process ends. 0, 1, 3, 10, 11, 12 and 130 mean what they mean in restic.</summary>
public enum ExitStatus
{
    Done = 0,
    Failed = 1,

    /// <summary>Usage or configuration: nothing was begun.</summary>
    Usage = 2,

    /// <summary>Done, but something was left out.</summary>
    Partial = 3,

    /// <summary>Refused: a prerequisite or a confirmation is missing.</summary>
    Refused = 4,

    /// <summary>Stored data is damaged, whoever found it: a verification, a drill, or a restore on its way.</summary>
    Damage = 5,
    NoRepository = 10,
    Locked = 11,
    WrongPassword = 12,
    Interrupted = 130,
}
