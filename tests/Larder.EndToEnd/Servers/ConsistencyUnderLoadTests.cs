using System.Globalization;
using System.Text.Json;
using Larder.Sources.Tests.MongoDb;
using Larder.Testing;
using Larder.Testing.Servers;
using Npgsql;

namespace Larder.EndToEnd.Servers;

/// <summary>
/// Money moves between two tables or collections while backups run. Each backup is held in the middle, behind the moment that it shows,
/// until money has moved; each is restored beside the live data, and not a cent may be missing or doubled.
/// </summary>
[Trait("Kind", "server")]
public sealed class ConsistencyUnderLoadTests(DatabaseServers servers)
{
    private const int Accounts = 600;
    private const long Sum = 2L * Accounts * 1000;

    // The padding makes 1.2 MB of the accounts; what the tools ask of the catalogs before is some 100 KB.
    private const int Padding = 1000;
    private const long Middle = 400_000;

    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1";

    private const string SelectSum = "SELECT (SELECT sum(cents) FROM checking) + (SELECT sum(cents) FROM savings)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PostgreSQL_loses_and_doubles_no_money() => await SeededRandom.RunAsync(async random =>
    {
        var server = await servers.PostgresAsync();
        var (name, copy) = (servers.NameDatabase("bank"), servers.NameDatabase("restored"));
        await server.CreateDatabaseAsync(name, Token);
        foreach (var table in Tables)
        {
            await server.ExecuteAsync(name, $"""
                CREATE TABLE {table} (id int PRIMARY KEY, cents bigint NOT NULL, padding text NOT NULL);
                INSERT INTO {table} SELECT n, 1000, repeat('p', {Padding}) FROM generate_series(0, {Accounts - 1}) n;
                """, Token);
        }
        await using var proxy = new HoldingProxy(server.Port);
        await using var desk = await ServerDesk.CreateAsync(
            "postgresql", Through(proxy, server.Url(name), server.Port), ", globals: false");
        await using var money = new MovingMoney(
            async _ => new PostgresWriter(await server.ConnectAsync(name, Token)), random);

        await ProveAsync(desk, proxy, money, runs: IsSoak ? 20 : 8, copy, database => server.Url(database), async database =>
            (long)(decimal)(await server.ScalarAsync(database, SelectSum, Token))!);
    });

    [Fact]
    public async Task MongoDB_loses_and_doubles_no_money() => await SeededRandom.RunAsync(async random =>
    {
        var server = await servers.MongoAsync();
        var (name, copy) = (servers.NameDatabase("bank"), servers.NameDatabase("restored"));
        await using var shell = await MongoShell.OpenAsync(server.Url);
        foreach (var collection in Tables)
        {
            await shell.InsertAsync(name, collection, Accounts, (bson, at) =>
            {
                bson.Int32("_id", at);
                bson.Int64("cents", 1000);
                bson.Binary("padding", new byte[Padding]);
            });
        }
        await using var proxy = new HoldingProxy(server.Port);
        await using var desk = await ServerDesk.CreateAsync(
            "mongodb", $"mongodb://127.0.0.1:{proxy.Port}/?directConnection=true", $", database: {name}");
        await using var money = new MovingMoney(
            async number => new MongoWriter(await MongoShell.OpenAsync(server.Url), name, number), random);

        string Beside(string database) => server.Url.Replace("/?", $"/{database}?", StringComparison.Ordinal);
        await ProveAsync(desk, proxy, money, runs: 5, copy, Beside, async database =>
        {
            var sum = 0L;
            await using var asking = await MongoShell.OpenAsync(server.Url);
            foreach (var collection in Tables)
            {
                var reply = await asking.RunAsync(
                    database,
                    """{"aggregate": "COLLECTION", "cursor": {}, "pipeline": [{"$group": {"_id": null, "cents": {"$sum": "$cents"}}}]}"""
                        .Replace("COLLECTION", collection, StringComparison.Ordinal));
                sum += reply.GetProperty("cursor").GetProperty("firstBatch")[0].GetProperty("cents").GetInt64();
            }
            return sum;
        });
    });

    [Fact]
    public async Task MariaDB_loses_and_doubles_no_money() => await SeededRandom.RunAsync(async random =>
    {
        var server = await servers.MariaDbAsync();
        var (name, copy) = (servers.NameDatabase("bank"), servers.NameDatabase("restored"));
        await server.ExecuteAsync($"""
            CREATE DATABASE {name};
            CREATE OR REPLACE USER 'teller'@'localhost' IDENTIFIED BY 'teller';
            GRANT ALL ON *.* TO 'teller'@'localhost';
            CREATE OR REPLACE USER 'teller'@'%' IDENTIFIED BY 'teller';
            GRANT ALL ON *.* TO 'teller'@'%';
            """);
        foreach (var table in Tables)
        {
            await server.ExecuteAsync($"""
                CREATE TABLE {table} (id INT PRIMARY KEY, cents BIGINT NOT NULL, padding TEXT NOT NULL);
                INSERT INTO {table} SELECT seq, 1000, REPEAT('p', {Padding}) FROM seq_0_to_{Accounts - 1};
                """, name);
        }
        await using var proxy = new HoldingProxy(server.Port);
        string Url(int port, string database) => string.Create(
            CultureInfo.InvariantCulture, $"mysql://teller:teller@127.0.0.1:{port}/{database}");
        await using var desk = await ServerDesk.CreateAsync("mysql", Url(proxy.Port, name));
        await using var money = new MovingMoney(_ => Task.FromResult<MovingMoney.IWriter>(new MariaDbWriter(server, name)), random);

        await ProveAsync(desk, proxy, money, runs: 5, copy, database => Url(server.Port, database), async database =>
            long.Parse(await server.ExecuteAsync(SelectSum, database), CultureInfo.InvariantCulture));
    });

    private static IReadOnlyList<string> Tables => ["checking", "savings"];

    private static async Task ProveAsync(
        ServerDesk desk,
        HoldingProxy proxy,
        MovingMoney money,
        int runs,
        string copy,
        Func<string, string> url,
        Func<string, Task<long>> sumOf)
    {
        var backups = new List<string>();
        for (var run = 0; run < runs; run++)
        {
            var held = proxy.HoldAfter(Middle);
            await using var running = desk.Larder.Start("--json", "backup", "app");
            Assert.True(held == await Task.WhenAny(held, running.Completion), "The backup ended before its middle.");
            await money.MoveOnAsync();
            proxy.Release();
            var backup = JsonDocument.Parse((await running.Completion).Expect().OutputBytes).RootElement;
            Assert.Equal("success", backup.GetProperty("status").GetString());
            backups.Add(backup.GetProperty("backup_id").GetString()!);
        }
        await money.StopAsync();
        // Two at a time, each into a database of its own: most of a restore of so little is waiting.
        await Task.WhenAll(Enumerable.Range(0, 2).Select(async lane =>
        {
            foreach (var backup in backups.Where((_, at) => at % 2 == lane))
            {
                await desk.Larder.ExpectAsync(0, "restore", backup, "--target", url($"{copy}_{lane}"), "--confirm");
                Assert.Equal(Sum, await sumOf($"{copy}_{lane}"));
            }
        }));
        Assert.Equal(runs, backups.Distinct().Count());
    }

    private static string Through(HoldingProxy proxy, string url, int port) => url.Replace(
        string.Create(CultureInfo.InvariantCulture, $":{port}/"),
        string.Create(CultureInfo.InvariantCulture, $":{proxy.Port}/"),
        StringComparison.Ordinal);

    private static (int From, int To, int Cents) Draw(Random random) => (random.Next(2), random.Next(Accounts), random.Next(1, 100));

    private sealed class PostgresWriter(NpgsqlConnection connection) : MovingMoney.IWriter
    {
        public async Task MoveAsync(Random random)
        {
            var (from, account, cents) = Draw(random);
            await using var transaction = await connection.BeginTransactionAsync(Token);
            await using var command = connection.CreateCommand();
            // Always this table first, so that no writers wait for each other.
            command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
                UPDATE checking SET cents = cents {(from == 0 ? '-' : '+')} {cents} WHERE id = {account};
                UPDATE savings SET cents = cents {(from == 0 ? '+' : '-')} {cents} WHERE id = {account};
                """);
            await command.ExecuteNonQueryAsync(Token);
            await transaction.CommitAsync(Token);
        }

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }

    private sealed class MongoWriter(MongoShell shell, string database, int number) : MovingMoney.IWriter
    {
        public async Task MoveAsync(Random random)
        {
            var (from, account, cents) = Draw(random);
            // Each writer has accounts of its own: MongoDB ends a transaction that meets another.
            account -= (account % MovingMoney.Writers) - number;
            await shell.Connection.StartTransactionAsync();
            await AddAsync(Tables[from], account, -cents);
            await AddAsync(Tables[1 - from], account, cents);
            await shell.Connection.CommitTransactionAsync();
        }

        public ValueTask DisposeAsync() => shell.DisposeAsync();

        private async Task AddAsync(string collection, int account, int cents)
        {
            var update = string.Create(
                CultureInfo.InvariantCulture, $$$"""{ "q": {"_id": {{{account}}} }, "u": {"$inc": {"cents": {{{cents}}} } } }""");
            await shell.RunAsync(database, $$"""{"update": "{{collection}}", "updates": [{{update}}]}""");
        }
    }

    /// <summary>A hundred transfers by one run of the client.</summary>
    private sealed class MariaDbWriter(MariaDbServer server, string database) : MovingMoney.IWriter
    {
        public Task MoveAsync(Random random) => server.ExecuteAsync(
            string.Concat(Enumerable.Range(0, 100).Select(_ =>
            {
                var (from, account, cents) = Draw(random);
                return string.Create(CultureInfo.InvariantCulture, $"""
                    START TRANSACTION;
                    UPDATE checking SET cents = cents {(from == 0 ? '-' : '+')} {cents} WHERE id = {account};
                    UPDATE savings SET cents = cents {(from == 0 ? '+' : '-')} {cents} WHERE id = {account};
                    COMMIT;

                    """);
            })), database);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
