using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Sessions of the server, ended so that names can change.</summary>
internal static class ServerSessions
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Asks the server to end all sessions in a database; it does within moments. Its own housekeeping goes away by itself.
    /// </summary>
    public static async Task EndAllAsync(NpgsqlConnection connection, string database, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
            WHERE datname = $1 AND usesysid IS NOT NULL AND pid <> pg_catalog.pg_backend_pid()
            """,
            connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = database } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Ends the sessions in a database again and again, until something that waits for that is done.</summary>
    /// <param name="connection">Another one than the work's.</param>
    /// <param name="work">It fails by itself where it takes too long.</param>
    public static async Task EndWhileAsync(NpgsqlConnection connection, string database, Task work, TimeProvider clock)
    {
        NpgsqlException? failure = null;
        while (!work.IsCompleted)
        {
            try
            {
                await EndAllAsync(connection, database, CancellationToken.None);
            }
            catch (NpgsqlException error)
            {
                failure = error; // Such as a superuser's session, which only a superuser ends. It may go away by itself.
            }
            await Task.WhenAny(work, Task.Delay(LookInterval, clock));
        }
        try
        {
            await work;
        }
        catch (NpgsqlException) when (failure is not null)
        {
            throw failure; // It says why the other one failed.
        }
    }

    /// <summary>
    /// Sees to it that no session of a process that was killed is still at work for the same exchange: the server notices that its client
    /// is gone only when it has done what it was asked for. Fails with <see cref="SourceError.TargetBusy"/> after 30 seconds.
    /// </summary>
    public static async Task EndEarlierAsync(
        NpgsqlConnection connection, string session, TimeProvider clock, CancellationToken cancellationToken)
    {
        var beganAt = clock.GetTimestamp();
        while (await EndNamedAsync(connection, session, cancellationToken))
        {
            if (clock.GetElapsedTime(beganAt) > Patience)
            {
                throw new SourceException(
                    SourceError.TargetBusy,
                    $"A session of the server that calls itself {session} is still at work for this restore and does not end. Try again "
                    + "when it is gone.");
            }
            await Task.Delay(LookInterval, clock, cancellationToken);
        }
    }

    private static async Task<bool> EndNamedAsync(NpgsqlConnection connection, string session, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity
            WHERE application_name = $1 AND usename = current_user AND pid <> pg_catalog.pg_backend_pid()
            """,
            connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = session } },
        };
        return await command.ExecuteScalarAsync(cancellationToken) is > 0L;
    }
}
