using System.Globalization;

namespace Larder.Sources.MySql;

/// <summary>What stands in one database of a server.</summary>
internal sealed class LiveDatabase(MySqlClient client, string name)
{
    public string Name => name;

    public async Task<bool> IsThereAsync(CancellationToken cancellationToken) =>
        (await client.QueryAsync(
            $"SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {Text};", cancellationToken))[0][0] != "0";

    public Task<IReadOnlyList<MySqlObject>> ReadObjectsAsync(CancellationToken cancellationToken) =>
        MySqlCatalog.ReadObjectsAsync(client, [name], cancellationToken);

    /// <summary>Routines and events, whose only trace is their own name.</summary>
    public async Task<long> CountRoutinesAsync(CancellationToken cancellationToken) => long.Parse(
        (await client.QueryAsync(
            $"SELECT (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {Text}) "
            + $"+ (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {Text});",
            cancellationToken))[0][0],
        CultureInfo.InvariantCulture);

    /// <summary>Triggers with their tables.</summary>
    public async Task<IReadOnlyList<(string Trigger, string Table)>> ReadTriggersAsync(CancellationToken cancellationToken) =>
    [
        .. (await client.QueryAsync(
            $"SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {Text};",
            cancellationToken)).Select(row => (row[0], row[1])),
    ];

    /// <summary>Foreign keys from elsewhere to its tables: the table that has one, and the table that it points at.</summary>
    public async Task<IReadOnlyList<(string From, string FromDatabase, string To)>> ReadReferencesAsync(
        CancellationToken cancellationToken) =>
    [
        .. (await client.QueryAsync(
            "SELECT DISTINCT TABLE_NAME, TABLE_SCHEMA, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE "
            + $"WHERE REFERENCED_TABLE_SCHEMA = {Text};",
            cancellationToken)).Select(row => (row[0], row[1], row[2])),
    ];

    public async Task<bool> HasRowsAsync(string table, CancellationToken cancellationToken) =>
        (await client.QueryAsync(
            $"SELECT EXISTS (SELECT 1 FROM {SqlText.Quote(name)}.{SqlText.Quote(table)});", cancellationToken))[0][0] == "1";

    /// <summary>The character set and collation that new tables get.</summary>
    public async Task<(string Charset, string Collation)> ReadCharsetAsync(CancellationToken cancellationToken)
    {
        var row = (await client.QueryAsync(
            $"SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {Text};",
            cancellationToken))[0];
        return (row[0], row[1]);
    }

    /// <summary>
    /// The statements that take away all that is no table: what cannot be moved to another database and must be made anew.
    /// </summary>
    public async Task<string> WriteDropsAsync(CancellationToken cancellationToken)
    {
        var rows = await client.QueryAsync(
            $"SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {Text} "
            + $"UNION ALL SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {Text} "
            + $"UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {Text} "
            + $"AND ROUTINE_TYPE <> 'PACKAGE BODY' "
            + $"UNION ALL SELECT 'VIEW', TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {Text};",
            cancellationToken);
        return string.Concat(rows.Select(row => $"DROP {row[0]} IF EXISTS {SqlText.Quote(name)}.{SqlText.Quote(row[1])};\n"));
    }

    private string Text => SqlText.QuoteText(name);
}
