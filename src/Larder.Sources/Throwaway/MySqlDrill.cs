using Larder.Sources.Dumps;
using Larder.Sources.MySql;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>What a drill asks of a MariaDB or MySQL server.</summary>
internal sealed class MySqlDrill(string url, TimeProvider clock) : IDrillEngine
{
    private readonly MySqlServer server = MySqlUrl.Parse(url).Server;
    private MySqlClient? client;

    public async Task<string> FindVersionAsync(CancellationToken cancellationToken) =>
        (await QueryAsync("SELECT VERSION();", cancellationToken))[0][0];

    public string UrlOf(string? database)
    {
        var uri = new UriBuilder(url) { Path = database is null ? "/" : $"/{Uri.EscapeDataString(database)}" };
        return uri.Uri.AbsoluteUri;
    }

    /// <summary>Nothing is taken for granted: definers that are missing are warnings of the restore.</summary>
    public Task PrepareAsync(
        IStoredDump dump, ThrowawayFolder folder, ServerAccount? account, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<(IReadOnlyList<string> Databases, bool HasAccounts)> LookIntoAsync(IStoredDump dump, CancellationToken cancellationToken)
    {
        var inventory = DumpInventory.Of(dump);
        return Task.FromResult<(IReadOnlyList<string>, bool)>(
            ([.. inventory.Databases.Select(database => database.Name)], inventory.Users is not null));
    }

    public async Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken) =>
        [.. (await QueryAsync("SHOW DATABASES;", cancellationToken)).Select(row => row[0])];

    public Task DropAsync(string database, CancellationToken cancellationToken) =>
        QueryAsync($"DROP DATABASE IF EXISTS {SqlText.Quote(database)};", cancellationToken);

    /// <summary>Tables were read back by the restore itself.</summary>
    public Task<IReadOnlyList<EntryFacts>> ReadBackAsync(
        IStoredDump dump, IReadOnlyList<EntryFacts> restored, Func<string, string> nameOf, CancellationToken cancellationToken) =>
        Task.FromResult(restored);

    public async Task<string?> AskAsync(string database, string question, CancellationToken cancellationToken)
    {
        var rows = await QueryAsync($"USE {SqlText.Quote(database)};\n{question.TrimEnd().TrimEnd(';')};", cancellationToken);
        return Answer.Judge([.. rows.Take(Answer.RowsMax)
            .Select(row => row is not [var value] ? Answer.SeveralColumns : value == "NULL" ? null : value)]);
    }

    private async Task<IReadOnlyList<string[]>> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        if (client is null)
        {
            var program = MySqlTools.FindClient(server);
            var version = await MySqlClient.ReadOutputAsync(
                new ToolStart { Program = program, Arguments = ["--no-defaults", "--version"], ShownName = Path.GetFileName(program) },
                clock,
                cancellationToken);
            client = new MySqlClient(server, program, MySqlTools.IsMariaDb(version), clock);
        }
        return await client.QueryAsync(sql, cancellationToken);
    }
}
