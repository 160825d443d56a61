using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;
using Larder.Sources.PostgreSql;
using Larder.Sources.PostgreSql.Restore;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

/// <summary>A database, its dump as a backup holds it, and restores of it.</summary>
internal sealed class RestoreCase : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();

    private RestoreCase(PostgresServer server, string database)
    {
        Server = server;
        Database = database;
    }

    public PostgresServer Server { get; }

    public string Database { get; }

    public string Folder => folder.FullPath;

    public IStoredDump Dump { get; private set; } = null!;

    public SourceOutcome Outcome { get; private set; } = null!;

    public static async Task<RestoreCase> MakeAsync(
        PostgresServer server, string database, Func<PostgresServer, string, Task> fill, CancellationToken cancellationToken)
    {
        var made = new RestoreCase(server, database);
        await fill(server, database);
        made.Outcome = await StoredSession.WriteAsync(StoredSession.Settings(server, database), made.folder.FullPath, cancellationToken);
        made.Dump = new FolderDump(made.folder.FullPath);
        return made;
    }

    public static Task<RestoreCase> MakeAsync(
        PostgresServer server, string database, string sql, CancellationToken cancellationToken) =>
        MakeAsync(
            server,
            database,
            async (server, database) =>
            {
                await server.CreateDatabaseAsync(database, cancellationToken);
                await server.ExecuteAsync(database, sql, cancellationToken);
            },
            cancellationToken);

    public DumpRestoreRequest Request(string? databaseName = null, bool mayReplace = false) => new()
    {
        DatabaseName = databaseName,
        MayReplace = mayReplace,
        ReadsBack = true,
        Recorded = Outcome.Entries,
    };

    public PostgreSqlRestore Restore(
        PostgreSqlSettings? settings = null, PostgreSqlToolLocator? tools = null, PostgresServer? server = null) =>
        new(
            new PostgreSqlTarget
            {
                Server = settings ?? new PostgreSqlSettings { Url = (server ?? Server).Url() },
                Tools = tools,
            },
            TimeProvider.System);

    public Task<DumpRestoreOutcome> RunAsync(DumpRestoreRequest request, CancellationToken cancellationToken) =>
        RunAsync(Restore(), request, cancellationToken);

    /// <summary>All of a restore, as the engine does it: what fails is forgotten, and what was replaced too.</summary>
    public async Task<DumpRestoreOutcome> RunAsync(
        PostgreSqlRestore restore, DumpRestoreRequest request, CancellationToken cancellationToken, IStoredDump? dump = null)
    {
        var plan = await restore.PlanAsync(dump ?? Dump, request, cancellationToken);
        Assert.Empty(plan.Refusals);
        var exchange = plan.Exchange is { } record ? restore.ExchangeFor(record) : null;
        try
        {
            var outcome = await restore.RestoreAsync(dump ?? Dump, plan, _ => { }, cancellationToken);
            if (exchange is not null)
            {
                Assert.Equal(ExchangeState.Beside, await exchange.LookAsync(cancellationToken));
                await exchange.ExchangeAsync(cancellationToken);
            }
            return outcome;
        }
        finally
        {
            await (exchange?.ForgetAsync(TestContext.Current.CancellationToken) ?? Task.CompletedTask);
        }
    }

    /// <summary>Nothing of a restore is left: no database beside others, no folder of pipes of this process.</summary>
    public async Task AssertNothingLeftAsync(CancellationToken cancellationToken)
    {
        Assert.Equal(0L, await Server.ScalarAsync(
            "postgres", $"SELECT count(*) FROM pg_database WHERE datname LIKE '{Database}%\\_larder\\_%'", cancellationToken));
    }

    public async ValueTask DisposeAsync() => await folder.DisposeAsync();
}
