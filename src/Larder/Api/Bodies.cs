namespace Larder.Api;

/// <summary>What requests bring. Names are those of the command line's options.</summary>
internal sealed record BackupBody
{
    /// <summary>May be left away where there is one job only.</summary>
    public string? Job { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string>? Only { get; init; }

    public bool DbOnly { get; init; }

    public bool CodeOnly { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public bool AcceptEmpty { get; init; }

    /// <summary>Into this one alone.</summary>
    public string? Repository { get; init; }

    /// <summary>What is emptied after a good backup: names, <c>all</c>, or <c>default</c>.</summary>
    public IReadOnlyList<string>? Purge { get; init; }

    public bool DryRun { get; init; }

    /// <summary>Needed where <see cref="Purge"/> asks for more than what is always emptied; likewise <see cref="Approval"/>.</summary>
    public bool Confirm { get; init; }

    public string? Approval { get; init; }
}

internal sealed record SyncBody
{
    public bool DryRun { get; init; }
}

internal sealed record RestoreBody
{
    public required string Backup { get; init; }

    public string? Repository { get; init; }

    public IReadOnlyList<string>? Only { get; init; }

    public string? Entry { get; init; }

    /// <summary>The name that the entry gets; the live one stays.</summary>
    public string? As { get; init; }

    public string? Target { get; init; }

    public string? Environment { get; init; }

    /// <summary>Tables or collections that a database server is given at once, 1 to 16.</summary>
    public int? Jobs { get; init; }

    public bool SchemaOnly { get; init; }

    public bool DataOnly { get; init; }

    public bool WithUsers { get; init; }

    public bool InPlace { get; init; }

    public bool NoSafety { get; init; }

    public bool DryRun { get; init; }

    public bool Confirm { get; init; }

    public string? Approval { get; init; }
}

internal sealed record RollbackBody
{
    /// <summary>The beginning of the restore's run id; the last restore without it.</summary>
    public string? Run { get; init; }

    /// <summary>Restore the newest backup with the tag pre-deploy in place instead.</summary>
    public bool ToDeploy { get; init; }

    /// <summary>With <see cref="ToDeploy"/>, only these sources.</summary>
    public IReadOnlyList<string>? Only { get; init; }

    public bool DryRun { get; init; }

    public bool Confirm { get; init; }

    public string? Approval { get; init; }
}

internal sealed record CleanupBody
{
    public string? Job { get; init; }

    public string? Repository { get; init; }

    public bool DryRun { get; init; }

    public bool Confirm { get; init; }

    public string? Approval { get; init; }
}

internal sealed record DeleteBody
{
    public bool Confirm { get; init; }

    /// <summary>Also the last good backup of its job.</summary>
    public bool Force { get; init; }

    public string? Approval { get; init; }
}

internal sealed record VerifyBody
{
    public IReadOnlyList<string>? Backups { get; init; }

    public IReadOnlyList<string>? Jobs { get; init; }

    public string? Repository { get; init; }

    /// <summary><c>data</c> without it.</summary>
    public string? Level { get; init; }

    public string? Subset { get; init; }
}

internal sealed record DrillBody
{
    /// <summary>A job, or a backup.</summary>
    public required string Name { get; init; }

    public string? Repository { get; init; }

    public IReadOnlyList<string>? Only { get; init; }
}

internal sealed record CopyBody
{
    public required string From { get; init; }

    public required string To { get; init; }

    public IReadOnlyList<string>? Backups { get; init; }
}

internal sealed record KeyBody
{
    public required string Password { get; init; }
}

internal sealed record UnlockBody
{
    /// <summary>Also locks of processes that may be alive.</summary>
    public bool All { get; init; }
}

internal sealed record SelfTestBody
{
    /// <summary>All without it.</summary>
    public string? Test { get; init; }
}

internal sealed record ScheduleBody
{
    public IReadOnlyList<string>? Jobs { get; init; }

    public IReadOnlyList<string>? Only { get; init; }
}

internal sealed record ChannelBody
{
    /// <summary>All without it.</summary>
    public string? Channel { get; init; }
}

internal sealed record ConfigurationBody
{
    public required string Yaml { get; init; }
}

internal sealed record LoginBody
{
    public required string Name { get; init; }

    public required string Password { get; init; }
}

internal sealed record OwnerBody
{
    /// <summary>The secret of the link that the first start printed.</summary>
    public required string Link { get; init; }

    public required string Name { get; init; }

    public required string Password { get; init; }
}

internal sealed record PasswordBody
{
    /// <summary>Needed for one's own.</summary>
    public string? Current { get; init; }

    public required string Password { get; init; }
}

internal sealed record UserBody
{
    public required string Name { get; init; }

    public required string Role { get; init; }

    public required string Password { get; init; }
}

internal sealed record RoleBody
{
    public required string Role { get; init; }
}

internal sealed record TokenBody
{
    public required string Name { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    public IReadOnlyList<string>? Jobs { get; init; }

    /// <summary>Such as <c>90d</c>; 90 days by default, <c>never</c> for no end.</summary>
    public string? ExpiresIn { get; init; }
}

internal sealed record ApprovalBody;

/// <summary>The body of a call that stands in another system's documents.</summary>
internal sealed record SeedBackupBody
{
    public bool DeleteBookings { get; init; }

    public string? Approval { get; init; }
}

internal sealed record SeedDescriptionBody
{
    public string? Description { get; init; }
}

internal sealed record SeedRestoreBody
{
    public required string Filename { get; init; }

    public string? Approval { get; init; }
}
