using System.Globalization;

namespace Larder.Sources.MySql.Restore;

/// <summary>What stands in one database of a server.</summary>
internal sealed class LiveDatabase(MySqlQuery query, string name)
{
    public string Name => name;

    public async Task<bool> IsThereAsync(CancellationToken cancellationToken) =>
        (await query(
            $"SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {Text};", cancellationToken))[0][0] != "0";

    public Task<IReadOnlyList<MySqlObject>> ReadObjectsAsync(CancellationToken cancellationToken) =>
        MySqlCatalog.ReadObjectsAsync(query, [name], cancellationToken);

    /// <summary>Routines and events, whose only trace is their own name.</summary>
    public async Task<long> CountRoutinesAsync(CancellationToken cancellationToken) => long.Parse(
        (await query(
            $"SELECT (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {Text}) "
            + $"+ (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {Text});",
            cancellationToken))[0][0],
        CultureInfo.InvariantCulture);

    /// <summary>Triggers with their tables.</summary>
    public async Task<IReadOnlyList<(string Trigger, string Table)>> ReadTriggersAsync(CancellationToken cancellationToken) =>
    [
        .. (await query(
            $"SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {Text};",
            cancellationToken)).Select(row => (row[0], row[1])),
    ];

    /// <summary>Foreign keys from elsewhere to its tables: the table that has one, and the table that it points at.</summary>
    public async Task<IReadOnlyList<(string From, string FromDatabase, string To)>> ReadReferencesAsync(
        CancellationToken cancellationToken) =>
    [
        .. (await query(
            "SELECT DISTINCT TABLE_NAME, TABLE_SCHEMA, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE "
            + $"WHERE REFERENCED_TABLE_SCHEMA = {Text};",
            cancellationToken)).Select(row => (row[0], row[1], row[2])),
    ];

    public async Task<bool> HasRowsAsync(string table, CancellationToken cancellationToken) =>
        (await query(
            $"SELECT EXISTS (SELECT 1 FROM {SqlText.Quote(name)}.{SqlText.Quote(table)});", cancellationToken))[0][0] == "1";

    /// <summary>The character set and collation that new tables get.</summary>
    public async Task<(string Charset, string Collation)> ReadCharsetAsync(CancellationToken cancellationToken)
    {
        var row = (await query(
            $"SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {Text};",
            cancellationToken))[0];
        return (row[0], row[1]);
    }

    /// <summary>
    /// All that is no table, sorted so that it can be dropped one after another: what cannot be moved to another database and must be made
    /// anew.
    /// </summary>
    public async Task<IReadOnlyList<MySqlExtra>> ReadExtrasAsync(CancellationToken cancellationToken)
    {
        var rows = await query(
            $"SELECT 'TRIGGER', TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {Text} "
            + $"UNION ALL SELECT 'EVENT', EVENT_NAME, '' FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {Text} "
            + $"UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME, '' FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {Text} "
            + $"AND ROUTINE_TYPE <> 'PACKAGE BODY' "
            + $"UNION ALL SELECT 'VIEW', TABLE_NAME, '' FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {Text};",
            cancellationToken);
        return [.. rows.Select(row => new MySqlExtra(name, row[0], row[1], row[2]))];
    }

    /// <summary>Those of one place: of a whole database all of them, of single tables their triggers.</summary>
    public async Task<IReadOnlyList<MySqlExtra>> ReadExtrasAsync(ExchangePlace place, CancellationToken cancellationToken) =>
        [.. (await ReadExtrasAsync(cancellationToken))
            .Where(extra => place.IsWhole || (extra.Kind == "TRIGGER" && place.Has(extra.Table)))];

    /// <summary>
    /// The foreign keys that no rename can move: of a whole database those that point out of it, or at a table that is gone; of single
    /// tables all. A table with the first kind would be bound to others while it is kept, and one with the second kind to the next table
    /// that gets the name.
    /// </summary>
    public async Task<IReadOnlyList<(string Table, string Key)>> ReadForeignKeysAsync(
        ExchangePlace place, CancellationToken cancellationToken)
    {
        var rows = await query(
            "SELECT DISTINCT TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME "
            + $"FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = {Text} AND REFERENCED_TABLE_NAME IS NOT NULL;",
            cancellationToken);
        if (rows.Count == 0)
        {
            return [];
        }
        var standing = (await ReadObjectsAsync(cancellationToken)).Select(item => item.Name).ToHashSet(StringComparer.Ordinal);
        return [.. rows.Where(row => place.IsWhole ? row[2] != name || !standing.Contains(row[3]) : place.Has(row[0]))
            .Select(row => (row[0], row[1]))];
    }

    /// <summary>Whether there is anything of a place that no rename can move.</summary>
    public async Task<bool> HasExtrasAsync(ExchangePlace place, CancellationToken cancellationToken) =>
        (await ReadExtrasAsync(place, cancellationToken)).Count > 0 || (await ReadForeignKeysAsync(place, cancellationToken)).Count > 0;

    private string Text => SqlText.QuoteText(name);
}

/// <summary>A trigger, event, routine, package or view.</summary>
/// <param name="Table">Of a trigger; empty for all else.</param>
internal sealed record MySqlExtra(string Database, string Kind, string Name, string Table)
{
    public string DropStatement => $"DROP {Kind} IF EXISTS {SqlText.Quote(Database)}.{SqlText.Quote(Name)}";
}
