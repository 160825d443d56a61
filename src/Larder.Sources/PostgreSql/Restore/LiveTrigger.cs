using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>A trigger that must not fire for restored rows; afterwards it fires as before.</summary>
/// <param name="Mode"><c>pg_trigger.tgenabled</c>: <c>O</c>, <c>R</c> or <c>A</c>.</param>
internal sealed record LiveTrigger(string Schema, string Table, string Name, char Mode)
{
    public string DisableStatement => $"ALTER TABLE {SqlName.Quote(Schema, Table)} DISABLE TRIGGER {SqlName.Quote(Name)}";

    public string EnableStatement =>
        $"ALTER TABLE {SqlName.Quote(Schema, Table)} "
        + $"ENABLE {Mode switch { 'R' => "REPLICA ", 'A' => "ALWAYS ", _ => "" }}TRIGGER {SqlName.Quote(Name)}";

    /// <summary>Those that are switched on now; a foreign key's own are not among them.</summary>
    public static async Task<IReadOnlyList<LiveTrigger>> FindAsync(
        NpgsqlConnection connection, IEnumerable<long> tables, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT n.nspname, c.relname, t.tgname, t.tgenabled::text
            FROM pg_catalog.pg_trigger t
            JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgrelid::bigint = ANY ($1)
            ORDER BY 1, 2, 3
            """;
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. tables] } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<LiveTrigger>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new LiveTrigger(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3)[0]));
        }
        return found;
    }
}
