namespace Larder.Engine.Access;

/// <summary>What a person may do. The smaller the number, the more; it is the <c>role_id</c> of other systems.</summary>
public enum Role
{
    /// <summary>Everything, users and their roles too.</summary>
    Owner = 0,

    /// <summary>Everything but users: restores, removals, contents of backups, the audit log.</summary>
    Admin = 1,

    /// <summary>Backs up, verifies and drills; replaces and removes nothing.</summary>
    Operator = 2,

    /// <summary>Looks at what there is, not into it.</summary>
    Viewer = 3,
}
