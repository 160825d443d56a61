using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Gives restored databases their names, all in one transaction: whoever looks sees the old ones or the new ones, whatever happens between.
/// The old ones are dropped when that is done.
/// </summary>
internal sealed class DatabaseSwap(TargetServer server, TimeProvider clock)
{
    /// <summary>
    /// Not cancellable: it takes moments. Fails with <see cref="SourceException"/>, and then every name is as it was; the scratch
    /// databases stay the caller's to drop.
    /// </summary>
    /// <param name="scratches">Restored and checked; nobody is connected to them.</param>
    /// <param name="replaced">Which of their final names are there now.</param>
    /// <returns>What could not be cleared away afterwards.</returns>
    public async Task<IReadOnlyList<SourceWarning>> RunAsync(
        IReadOnlyList<ScratchDatabase> scratches, IReadOnlySet<string> replaced, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var connection = await server.ConnectAsync(CancellationToken.None);
        var old = scratches.Where(scratch => replaced.Contains(scratch.FinalName))
            .ToDictionary(
                scratch => scratch.FinalName,
                scratch => $"{ScratchDatabase.MakeName(scratch.FinalName, clock.GetUtcNow(), 1)}_old");
        var closed = new List<string>();
        try
        {
            foreach (var name in old.Keys)
            {
                // Otherwise an application that connects again at once would hold the old database for ever.
                await SetConnectionsAsync(connection, name, allowed: false);
                closed.Add(name);
                await ScratchDatabase.EndSessionsAsync(connection, name, CancellationToken.None);
            }
            await RenameAllAsync(connection, scratches, old);
        }
        catch (NpgsqlException error)
        {
            await ReopenAsync(closed);
            throw TargetErrors.Describe(error, "The restored databases cannot take the place of the old ones, which stand as before")!;
        }
        return await DropAsync(connection, old);
    }

    private static async Task RenameAllAsync(
        NpgsqlConnection connection, IReadOnlyList<ScratchDatabase> scratches, Dictionary<string, string> old)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        // Whatever the role's default: this flushes the restored rows too.
        await ExecuteAsync(connection, "SET LOCAL synchronous_commit = on");
        foreach (var scratch in scratches)
        {
            if (old.TryGetValue(scratch.FinalName, out var aside))
            {
                await RenameAsync(connection, scratch.FinalName, aside);
            }
            await RenameAsync(connection, scratch.Name, scratch.FinalName);
        }
        await transaction.CommitAsync();
    }

    /// <summary>On a connection of its own: the other one may be broken.</summary>
    private async Task ReopenAsync(List<string> closed)
    {
        if (closed.Count == 0)
        {
            return;
        }
        await using var connection = await server.ConnectAsync(CancellationToken.None);
        foreach (var name in closed)
        {
            await SetConnectionsAsync(connection, name, allowed: true);
        }
    }

    private static async Task<IReadOnlyList<SourceWarning>> DropAsync(NpgsqlConnection connection, Dictionary<string, string> old)
    {
        var warnings = new List<SourceWarning>();
        foreach (var (name, aside) in old)
        {
            try
            {
                await ScratchDatabase.DropAsync(connection, aside, CancellationToken.None);
            }
            catch (NpgsqlException error)
            {
                warnings.Add(new SourceWarning(
                    name,
                    $"The database that was replaced could not be dropped and is now called {aside}: {error.Message}. Drop it by hand."));
            }
        }
        return warnings;
    }

    private static Task SetConnectionsAsync(NpgsqlConnection connection, string name, bool allowed) =>
        ExecuteAsync(connection, $"ALTER DATABASE {SqlName.Quote(name)} ALLOW_CONNECTIONS {(allowed ? "true" : "false")}");

    private static Task RenameAsync(NpgsqlConnection connection, string name, string other) =>
        ExecuteAsync(connection, $"ALTER DATABASE {SqlName.Quote(name)} RENAME TO {SqlName.Quote(other)}");

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
