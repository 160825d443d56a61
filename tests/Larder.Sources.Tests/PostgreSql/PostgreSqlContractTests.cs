using System.Text;
using Larder.Sources.PostgreSql;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

[Trait("Kind", "server")]
public sealed class PostgreSqlContractTests(SharedPostgresServer shared) : SourceContract, IAsyncLifetime
{
    private PostgresServer server = null!;
    private string database = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await shared.GetAsync(Cancellation);
        database = shared.NameDatabase("contract");
        await server.CreateDatabaseAsync(database, Cancellation);
        await server.ExecuteAsync(
            database,
            """
            CREATE TABLE numbers (n int PRIMARY KEY, filling text);
            INSERT INTO numbers SELECT n, repeat('x', 30) FROM generate_series(1, 40000) n;
            CREATE TABLE small (a int);
            SELECT lo_from_bytea(70001, 'a large object');
            """,
            Cancellation);
    }

    public async ValueTask DisposeAsync() => await server.DropDatabaseAsync(database, Cancellation);

    protected override ISource Create() => new PostgreSqlSource(StoredSession.Settings(server, database), TimeProvider.System);

    protected override ISource CreateMissing() =>
        new PostgreSqlSource(StoredSession.Settings(server, database + "_nowhere"), TimeProvider.System);

    protected override Task AssertContentAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        var expected = string.Concat(Enumerable.Range(1, 40000).Select(n => $"{n}\t{new string('x', 30)}\n")) + "\\.\n\n\n";
        Assert.Equal(6, files.Count);
        Assert.Contains("CREATE ROLE postgres", Encoding.UTF8.GetString(files["globals.sql"]), StringComparison.Ordinal);
        Assert.True(files[database + "/toc.dat"].AsSpan().StartsWith("PGDMP"u8));
        Assert.Equal("70001 blob_70001.dat\n", Encoding.UTF8.GetString(files[database + "/blobs.toc"]));
        Assert.Equal("a large object", Encoding.UTF8.GetString(files[database + "/blob_70001.dat"]));
        Assert.Contains(files, file => Encoding.UTF8.GetString(file.Value) == expected);
        Assert.Contains(files, file => Encoding.UTF8.GetString(file.Value) == "\\.\n\n\n");
        return Task.CompletedTask;
    }

    // Programs have the database's name among their arguments, and the server has a process for each connection.
    protected override IReadOnlyList<string> FindLeftovers() => RunningProcesses.FindByArgument($"dbname='{database}'");
}
