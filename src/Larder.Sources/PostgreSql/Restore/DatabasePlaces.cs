using Larder.Sources.Exchanges;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Which databases of an exchange are there, and what the server says of each.</summary>
/// <remarks>
/// A restored database that is whole takes no connections until it is live: nothing else closes it, nobody can write to it meanwhile, and
/// no dump speaks of it. Where nothing stood before, no old database tells that the live one is the restored one; then a setting of the
/// restore's own role in that database says so, until it is forgotten.
/// </remarks>
internal sealed record DatabasePlaces(ExchangeRecord Record, IReadOnlyDictionary<string, DatabaseFlags> Found)
{
    /// <summary>Any text may be in it, and it changes nothing but what the server shows of this one role's sessions.</summary>
    public const string MarkSetting = "application_name";

    public ExchangeState State => Record.Parts.All(IsExchanged) ? ExchangeState.Exchanged
        : Record.Parts.All(IsBeside) ? ExchangeState.Beside
        : ExchangeState.Untouched; // Not begun, not whole, or partly forgotten, after which there is no way back.

    public bool Has(string name) => Found.ContainsKey(name);

    /// <summary>The role whose setting says that the live database is the restored one; null where none does.</summary>
    public string? MarkedBy(ExchangePart part) => Found.GetValueOrDefault(part.Live)?.Marks
        .Where(mark => mark.Setting == $"{MarkSetting}={part.Beside}")
        .Select(mark => mark.Role)
        .FirstOrDefault();

    public static async Task<DatabasePlaces> LookAsync(
        NpgsqlConnection connection, ExchangeRecord record, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT d.datname, d.datallowconn, d.datistemplate, d.datconnlimit <> -2, r.rolname, mark.setting
            FROM pg_catalog.pg_database d
            LEFT JOIN (pg_catalog.pg_db_role_setting s
                JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
                CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS mark (setting)) ON s.setdatabase = d.oid
            WHERE d.datname = ANY ($1)
            """;
        var names = record.Parts.SelectMany(part => new[] { part.Live, part.Beside, part.Old }).OfType<string>().ToArray();
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new NpgsqlParameter<string[]> { TypedValue = names } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new Dictionary<string, DatabaseFlags>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            var name = reader.GetString(0);
            if (!found.TryGetValue(name, out var flags))
            {
                flags = new DatabaseFlags(reader.GetBoolean(1), reader.GetBoolean(2), reader.GetBoolean(3), []);
                found.Add(name, flags);
            }
            if (!await reader.IsDBNullAsync(4, cancellationToken))
            {
                flags.Marks.Add((reader.GetString(4), reader.GetString(5)));
            }
        }
        return new DatabasePlaces(record, found);
    }

    private bool IsBeside(ExchangePart part) => Found.GetValueOrDefault(part.Beside) is { TakesConnections: false, IsValid: true };

    private bool IsExchanged(ExchangePart part) => part.Old is { } old
        ? Found.GetValueOrDefault(old) is { IsValid: true }
        : !Has(part.Beside) && MarkedBy(part) is not null;
}

/// <param name="TakesConnections">Whether anybody may connect to it.</param>
/// <param name="IsTemplate">Then it cannot be dropped.</param>
/// <param name="IsValid">False where dropping it was begun and not ended.</param>
/// <param name="Marks">What roles have set for themselves in it, <c>name=value</c>.</param>
internal sealed record DatabaseFlags(bool TakesConnections, bool IsTemplate, bool IsValid, List<(string Role, string Setting)> Marks);
