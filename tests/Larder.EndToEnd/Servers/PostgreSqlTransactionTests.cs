using System.Diagnostics;
using Larder.Testing;
using Larder.Testing.Servers;
using Npgsql;

namespace Larder.EndToEnd.Servers;

/// <summary>A restore in place is all or nothing, whatever happens to it, and can be undone.</summary>
[Trait("Kind", "server")]
public sealed class PostgreSqlTransactionTests(DatabaseServers servers)
{
    private const int Kills = 6;

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
        await WriteAsync(server, name, "after the restore");

        await desk.Larder.ExpectAsync(0, "rollback", "--confirm");
        Assert.Equal("later", await ReadAsync(server, name));
        Assert.Equal([name, "beside"], await ListAsync(server, name));
        await WriteAsync(server, name, "goes on");
    }

    [Fact]
    public Task Killed_at_any_moment_it_is_the_one_or_the_other_for_every_reader_and_is_finished_or_undone() =>
        SeededRandom.RunAsync(async random =>
    {
        var server = await servers.PostgresAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("postgresql", server.Url(name));
        var backup = (await desk.BackUpAsync()).GetProperty("backup_id").GetString()!;
        await WriteAsync(server, name, "later");
        var beganAt = Stopwatch.GetTimestamp();
        await desk.RestoreAsync();
        var usual = Stopwatch.GetElapsedTime(beganAt);
        await desk.Larder.ExpectAsync(0, "rollback", "--confirm");

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var reading = ReadOnAsync(server, name, ending.Token);
        for (var round = 0; round < Kills; round++)
        {
            await WriteAsync(server, name, "later");
            var kept = await ListAsync(server, name);
            var result = await desk.Larder.RunAndKillAsync(
                random, usual * 1.1, TimeProvider.System, "restore", backup, "--confirm");
            var said = await desk.Larder.ExpectAsync(0, "restore", "--resume");
            var live = await ReadAsync(server, name);
            TestContext.Current.TestOutputHelper?.WriteLine($"killed {result.WasKilled}: {live}; {said}");
            Assert.Contains(live, new[] { "first", "later" });
            // Finished, it has kept one more; undone, nothing.
            Assert.Equal(live == "first" ? kept.Count + 1 : kept.Count, (await ListAsync(server, name)).Count);
        }
        await ending.CancelAsync();
        var seen = await reading;
        Assert.Subset(new HashSet<string> { "first", "later" }, seen);
    });

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
    private static async Task<string> ReadAsync(PostgresServer server, string name, CancellationToken? cancellationToken = null) =>
        (string)(await server.ScalarAsync(
            name, "SELECT CASE (SELECT count(*) FROM filling) WHEN 100000 THEN a ELSE 'half' END FROM t", cancellationToken ?? Token))!;

    /// <returns>Everything that was ever seen by new connections; that a connection fails is allowed while names change.</returns>
    private static async Task<HashSet<string>> ReadOnAsync(PostgresServer server, string name, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                seen.Add(await ReadAsync(server, name, cancellationToken));
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.InvalidCatalogName
                && e.MessageText.Contains(e.SqlState == PostgresErrorCodes.AdminShutdown ? "terminating" : "does not exist", StringComparison.Ordinal))
            {
                // The announced exchange.
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        return seen;
    }

    /// <summary>The live database, and what lies beside it.</summary>
    private static async Task<IReadOnlyList<string>> ListAsync(PostgresServer server, string name)
    {
        var found = (string[])(await server.ScalarAsync(
            "postgres", $"SELECT array_agg(datname::text ORDER BY datname) FROM pg_database WHERE datname ~ '^{name}(_larder_|$)'", Token))!;
        return [.. found.Select(one => one == name ? name : one.EndsWith("_old", StringComparison.Ordinal) ? "old" : "beside")];
    }
}
