using System.Collections.Concurrent;
using Larder.Sources.Dumps;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Loads tables of a database that is ours alone and that pg_restore has just made, several at once, each in a transaction on a connection
/// that later tables use again. Safe for concurrent use.
/// </summary>
/// <param name="server">Where the database is.</param>
/// <param name="target">Its name.</param>
/// <param name="dump">Where the files are.</param>
/// <param name="database">The dump's database, for its files.</param>
/// <param name="advance">Told how many bytes more were sent.</param>
internal sealed class TableLoader(
    TargetServer server, string target, IStoredDump dump, StoredDatabase database, Action<long> advance) : IAsyncDisposable
{
    // What is restored beside the live data is made durable by the exchange at the end, whose commit flushes all that was logged before
    // it. The others are those that pg_restore makes for itself.
    private const string Settings = """
        SET synchronous_commit = off; SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
        SET standard_conforming_strings = on; SET check_function_bodies = off; SET xmloption = content; SET client_min_messages = error;
        SET row_security = off; SELECT pg_catalog.set_config('search_path', '', false)
        """;

    private readonly ConcurrentBag<NpgsqlConnection> free = [];

    /// <summary>
    /// Loads one table, which stands complete when this completes. Fails with <see cref="SourceException"/>; then it is empty.
    /// </summary>
    /// <returns>How many rows there were.</returns>
    public async Task<long> LoadAsync(TocEntry table, CancellationToken cancellationToken) => await TargetErrors.ExplainAsync(
        $"The rows of {database.NameEntry(table)} cannot be restored",
        async () =>
        {
            var connection = free.TryTake(out var used) ? used : await OpenAsync(cancellationToken);
            try
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                // A server that keeps no log for others (wal_level = minimal) then logs no rows either.
                await ExecuteAsync(
                    connection, $"TRUNCATE TABLE ONLY {SqlName.Quote(table.Schema!, table.Tag!)}", cancellationToken);
                var rows = await TableRows.SendAsync(connection, dump, database, table, advance, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                free.Add(connection);
                return rows;
            }
            catch
            {
                await connection.DisposeAsync(); // This rolls back.
                throw;
            }
        });

    /// <summary>Ends the sessions. Nothing may be loading any more.</summary>
    public async ValueTask DisposeAsync()
    {
        while (free.TryTake(out var connection))
        {
            await connection.DisposeAsync();
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await server.ConnectAsync(target, cancellationToken);
        try
        {
            await ExecuteAsync(connection, Settings, cancellationToken);
            foreach (var setting in NewerSettings())
            {
                await ExecuteAsync(connection, setting, cancellationToken);
            }
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private IEnumerable<string> NewerSettings()
    {
        if (server.MajorVersion >= 14)
        {
            yield return "SET idle_session_timeout = 0"; // It idles while indexes are built.
        }
        if (server.MajorVersion >= 17)
        {
            yield return "SET transaction_timeout = 0";
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
