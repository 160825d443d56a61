using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// A foreign key of the live database that is in the way: it is taken away and put back in the same transaction, and putting it back checks
/// every row. So tables that refer to each other can be filled in any order, and no superuser is needed to silence the checks.
/// </summary>
internal sealed record LiveForeignKey(string Schema, string Table, string Name, string Definition, string? Comment)
{
    private const string Select = """
        SELECT n.nspname, c.relname, k.conname, pg_catalog.pg_get_constraintdef(k.oid), pg_catalog.obj_description(k.oid, 'pg_constraint')
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype = 'f' AND k.conparentid = 0 AND
        """;

    /// <summary>Those of other tables that refer to these.</summary>
    public static Task<IReadOnlyList<LiveForeignKey>> FindIncomingAsync(
        NpgsqlConnection connection, IEnumerable<long> tables, CancellationToken cancellationToken) =>
        FindAsync(connection, "k.confrelid::bigint = ANY ($1) AND NOT k.conrelid::bigint = ANY ($1)", tables, cancellationToken);

    /// <summary>Those of these tables, and those that refer to them.</summary>
    public static Task<IReadOnlyList<LiveForeignKey>> FindAllAsync(
        NpgsqlConnection connection, IEnumerable<long> tables, CancellationToken cancellationToken) =>
        FindAsync(connection, "(k.confrelid::bigint = ANY ($1) OR k.conrelid::bigint = ANY ($1))", tables, cancellationToken);

    public string DropStatement => $"ALTER TABLE {SqlName.Quote(Schema, Table)} DROP CONSTRAINT {SqlName.Quote(Name)}";

    public string AddStatement => $"ALTER TABLE {SqlName.Quote(Schema, Table)} ADD CONSTRAINT {SqlName.Quote(Name)} {Definition}";

    public string? CommentStatement => Comment is null
        ? null
        : $"COMMENT ON CONSTRAINT {SqlName.Quote(Name)} ON {SqlName.Quote(Schema, Table)} IS {SqlName.QuoteText(Comment)}";

    private static async Task<IReadOnlyList<LiveForeignKey>> FindAsync(
        NpgsqlConnection connection, string condition, IEnumerable<long> tables, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"{Select} {condition} ORDER BY 1, 2, 3", connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. tables] } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<LiveForeignKey>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new LiveForeignKey(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.IsDBNull(4) ? null : reader.GetString(4)));
        }
        return found;
    }
}
