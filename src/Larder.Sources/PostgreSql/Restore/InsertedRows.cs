using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// How many rows the server itself counted while it took them into a database that is ours alone, so that no table need be read for it.
/// </summary>
/// <remarks>
/// The server counts every row that it stores in a table, and every one that is changed or deleted; a session's counts are in its
/// statistics when it has ended. A table that they say to hold what was sent to it, and that nothing was changed in, holds it.
/// Statistics can be
/// switched off (<c>track_counts</c>), and before PostgreSQL 15 they could come late or get lost; so nothing is concluded from any
/// other number, and such tables are read. On 1 GB that saves a second of the server's processor.
/// </remarks>
internal static class InsertedRows
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);

    /// <param name="server">Where the database is.</param>
    /// <param name="work">Its tables.</param>
    /// <param name="database">Written to by sessions of our own alone, which are ended or about to end.</param>
    /// <param name="sent">Rows by data file.</param>
    /// <param name="clock">Times the wait for sessions.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>The tables of which the server counted as many rows as were sent, by data file, and how many that is.</returns>
    public static async Task<IReadOnlyDictionary<string, long>> FindAsync(
        TargetServer server,
        RestoreWork work,
        string database,
        IReadOnlyDictionary<string, long> sent,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var expected = ReadBack.FindTables(work)
            .Where(table => sent.GetValueOrDefault(table.DataFile!) > 0)
            .ToDictionary(table => (table.Schema!, table.Tag!), table => table.DataFile!);
        await using var connection = await server.ConnectAsync(database, cancellationToken);
        return await TargetErrors.ExplainAsync($"The counts of the database {server.Show(database)} cannot be read", async () =>
        {
            var startedAt = clock.GetTimestamp();
            while (true)
            {
                var isQuiet = await IsQuietAsync(connection, cancellationToken) || clock.GetElapsedTime(startedAt) > WaitMax;
                var found = await ReadAsync(connection, expected, sent, cancellationToken);
                if (isQuiet || found.Count == expected.Count)
                {
                    return found;
                }
                await Task.Delay(LookInterval, clock, cancellationToken);
            }
        });
    }

    /// <summary>Whether every other session has ended: each brings its counts to the statistics before it vanishes from the list.</summary>
    private static async Task<bool> IsQuietAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT NOT EXISTS (
                SELECT FROM pg_catalog.pg_stat_activity
                WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
                    AND backend_type = 'client backend')
            """,
            connection);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static async Task<Dictionary<string, long>> ReadAsync(
        NpgsqlConnection connection,
        Dictionary<(string Schema, string Table), string> expected,
        IReadOnlyDictionary<string, long> sent,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT schemaname, relname, n_tup_ins FROM pg_catalog.pg_stat_user_tables WHERE n_tup_upd = 0 AND n_tup_del = 0", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (expected.TryGetValue((reader.GetString(0), reader.GetString(1)), out var file) && reader.GetInt64(2) == sent[file])
            {
                found.Add(file, sent[file]);
            }
        }
        return found;
    }
}
