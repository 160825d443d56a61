using Larder.Sources.Exchanges;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>A database beside the live one, made for a restore under the name that its record has.</summary>
internal static class ScratchDatabase
{
    /// <summary>Makes it, with the encoding and locale that the dumped database had.</summary>
    /// <param name="session">How the record's sessions call themselves, so that one that outlives us is found.</param>
    public static async Task CreateAsync(
        TargetServer server, StoredDatabase dump, ExchangePart part, string session, CancellationToken cancellationToken)
    {
        await using var connection = await server.ConnectForAsync(session, cancellationToken);
        await TargetErrors.ExplainAsync(
            $"The database {part.Beside} cannot be created on {server.Show("")}",
            () => ExecuteAsync(
                connection,
                $"CREATE DATABASE {SqlName.Quote(part.Beside)} {DatabaseProperties.FindOptions(dump.Toc)}",
                cancellationToken));
    }

    /// <summary>
    /// Owner, comment, privileges and settings of the database itself: the dumped ones, and over them what the database that is replaced
    /// has.
    /// </summary>
    /// <param name="replaced">The name of that one; null where none is replaced.</param>
    public static async Task SetPropertiesAsync(
        TargetServer server, StoredDatabase dump, ExchangePart part, string? replaced, CancellationToken cancellationToken)
    {
        await using var connection = await server.ConnectAsync(cancellationToken);
        await TargetErrors.ExplainAsync(
            $"The database {part.Live} cannot be given the owner, privileges and settings it had",
            async () =>
            {
                var live = replaced is null ? null : await LiveProperties.ReadAsync(connection, replaced, cancellationToken);
                var dumped = DatabaseProperties.MakeStatements(
                    dump.Toc, part.Beside, owner: live is null, privileges: live is not { HasPrivileges: true });
                foreach (var statement in dumped.Concat(live?.MakeStatements(part.Beside) ?? []))
                {
                    await ExecuteAsync(connection, statement, cancellationToken);
                }
            });
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
