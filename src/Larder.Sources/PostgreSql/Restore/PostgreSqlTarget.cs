namespace Larder.Sources.PostgreSql.Restore;

/// <summary>The server that is restored into, and how.</summary>
public sealed record PostgreSqlTarget
{
    /// <summary>The same settings as for a source; what they say of what to back up is not looked at.</summary>
    public required PostgreSqlSettings Server { get; init; }

    /// <summary>Where pg_restore and psql are; null looks in the usual places.</summary>
    public PostgreSqlToolLocator? Tools { get; init; }
}
