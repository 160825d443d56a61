using System.Security.Cryptography;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>One transaction in a live database. Disposing it without a commit leaves everything as it was.</summary>
internal sealed class LiveSession : IAsyncDisposable
{
    // Whoever holds a table for longer is told of, rather than waited for while everybody else queues up behind us.
    private const string Settings = """
        SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
        SET LOCAL check_function_bodies = off; SET LOCAL client_min_messages = error; SET LOCAL standard_conforming_strings = on;
        SELECT pg_catalog.set_config('search_path', '', true)
        """;

    private readonly NpgsqlTransaction transaction;

    private LiveSession(NpgsqlConnection connection, NpgsqlTransaction transaction, string database)
    {
        Connection = connection;
        this.transaction = transaction;
        Database = database;
    }

    public NpgsqlConnection Connection { get; }

    public string Database { get; }

    public static async Task<LiveSession> BeginAsync(TargetServer server, string database, CancellationToken cancellationToken)
    {
        var connection = await server.ConnectAsync(database, cancellationToken);
        try
        {
            var session = new LiveSession(connection, await connection.BeginTransactionAsync(cancellationToken), database);
            await session.ExecuteAsync(Settings, cancellationToken);
            await ReadBack.PrepareAsync(connection, cancellationToken);
            return session;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Runs a script of any length and content. The server itself cuts it into statements: within a block, so that the driver passes it on
    /// as it is.
    /// </summary>
    public Task RunScriptAsync(string script, CancellationToken cancellationToken)
    {
        var tag = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)); // No script holds it by accident or by intent.
        return ExecuteAsync($"DO $do{tag}$ BEGIN EXECUTE $sql{tag}${script}$sql{tag}$; END $do{tag}$", cancellationToken);
    }

    /// <summary>Everything stands from here.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }
}
