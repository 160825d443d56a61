namespace Larder.Sources.PostgreSql.Restore;

/// <summary>The server that is restored into, and how.</summary>
public sealed record PostgreSqlTarget
{
    /// <summary>The same settings as for a source; what they say of what to back up is not looked at.</summary>
    public required PostgreSqlSettings Server { get; init; }

    /// <summary>
    /// Whether every restored table is read back and its content compared with the manifest. Otherwise the rows are counted on the server
    /// and the bytes that were sent are those that were stored, which costs a small part of the time; see the folder's page for figures.
    /// A restore of some tables into a database in use always reads them back.
    /// </summary>
    public bool ReadsBack { get; init; }

    /// <summary>Where pg_restore and psql are; null looks in the usual places.</summary>
    public PostgreSqlToolLocator? Tools { get; init; }
}
