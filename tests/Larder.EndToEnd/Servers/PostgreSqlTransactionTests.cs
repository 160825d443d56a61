using Larder.Testing.Servers;

namespace Larder.EndToEnd.Servers;

/// <summary>A restore in place is all or nothing, and can be undone.</summary>
[Trait("Kind", "server")]
public sealed class PostgreSqlTransactionTests(DatabaseServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_restore_is_undone_with_all_that_stood_there_and_nothing_stays_but_what_is_kept()
    {
        var server = await servers.PostgresAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("postgresql", server.Url(name));
        await desk.BackUpAsync();
        await WriteAsync(server, name, "later");

        await desk.RestoreAsync();
        Assert.Equal("first", await ReadAsync(server, name));
        Assert.Equal([name, "old"], await ListAsync(server, name));
        Assert.Contains("first", await ReadByResticAsync(desk), StringComparison.Ordinal); // The safety backup is not its latest.
        await WriteAsync(server, name, "after the restore");

        await desk.Larder.ExpectAsync(0, "rollback", "--confirm");
        Assert.Equal("later", await ReadAsync(server, name));
        Assert.Equal([name, "beside"], await ListAsync(server, name));
        await WriteAsync(server, name, "goes on");
    }

    [Fact]
    public async Task A_backup_of_all_databases_leaves_out_what_restores_and_drills_have_there()
    {
        await using var server = await PostgresServer.StartAsync(Token); // Of others' databases there are too many on the shared one.
        foreach (var name in new[] { "app", "app_larder_0123abcd", "app_larder_0123abcd_2_old", "larder_drill_ab12_1_x_0", "the_larder" })
        {
            await server.CreateDatabaseAsync(name, Token);
            await server.ExecuteAsync(name, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)", Token);
        }
        await using var desk = await ServerDesk.CreateAsync("postgresql", server.Url("postgres"), ", databases: all");

        var backup = await desk.BackUpAsync();

        Assert.Equal("success", backup.GetProperty("status").GetString());
        Assert.Equal("app, postgres, the_larder", backup.GetProperty("sources")[0].GetProperty("database_name").GetString());
        Assert.Contains("app_larder_0123abcd belongs to a restore", (await desk.Larder.JsonAsync("show", "latest")).GetRawText(), StringComparison.Ordinal);
    }

    private static async Task<string> ReadByResticAsync(ServerDesk desk)
    {
        var folder = await desk.RestoreByResticAsync();
        return string.Concat(await Task.WhenAll(Directory.GetFiles(folder, "*.dat", SearchOption.AllDirectories)
            .Where(path => new FileInfo(path).Length < 100 && !path.EndsWith("toc.dat", StringComparison.Ordinal))
            .Select(path => File.ReadAllTextAsync(path, Token))));
    }

    private async Task<string> MakeAsync(PostgresServer server)
    {
        var name = servers.NameDatabase("undo");
        await server.CreateDatabaseAsync(name, Token);
        await server.ExecuteAsync(
            name,
            "CREATE TABLE filling AS SELECT n, md5(n::text) FROM generate_series(1, 100000) n; CREATE TABLE t (a text); INSERT INTO t VALUES ('first')",
            Token);
        return name;
    }

    private static Task WriteAsync(PostgresServer server, string name, string content) =>
        server.ExecuteAsync(name, $"UPDATE t SET a = '{content}'", Token);

    /// <summary>What the whole database says that it is: half of one says something else.</summary>
    private static async Task<string> ReadAsync(PostgresServer server, string name) =>
        (string)(await server.ScalarAsync(
            name, "SELECT CASE (SELECT count(*) FROM filling) WHEN 100000 THEN a ELSE 'half' END FROM t", Token))!;

    /// <summary>The live database, and what lies beside it.</summary>
    private static async Task<IReadOnlyList<string>> ListAsync(PostgresServer server, string name)
    {
        var found = (string[])(await server.ScalarAsync(
            "postgres", $"SELECT array_agg(datname::text ORDER BY datname) FROM pg_database WHERE datname ~ '^{name}(_larder_|$)'", Token))!;
        return [.. found.Select(one => one == name ? name : one.EndsWith("_old", StringComparison.Ordinal) ? "old" : "beside")];
    }
}
