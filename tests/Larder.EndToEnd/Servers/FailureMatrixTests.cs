using System.Globalization;
using Larder.Sources.Tests;
using Larder.Sources.Tests.MongoDb;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Servers;

/// <summary>PostgreSQL's part; those of the others are below. Each cell is one way in which a backup goes wrong.</summary>
[Trait("Kind", "server")]
public sealed class FailureMatrixTests(DatabaseServers servers, PostgreSqlFailureBench failures) : IClassFixture<PostgreSqlFailureBench>
{
    // A dump of 25 MB: more than all that is between server and program holds, so that one that is held here is not over.
    private const long Middle = 4_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_password()
    {
        var (server, bench) = (await servers.PostgresAsync(), await failures.GetAsync());
        bench.Url = server.Url(failures.Big, password: PostgreSqlFailureBench.WrongPassword);
        Assert.Contains("does not accept this user and password", await bench.FailAsync("LARDER-061"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_such_database()
    {
        var (server, bench) = (await servers.PostgresAsync(), await failures.GetAsync());
        bench.Url = server.Url("no_such_database");
        Assert.Contains("no_such_database", await bench.FailAsync("LARDER-060"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Permission_denied_on_one_table()
    {
        var (server, bench) = (await servers.PostgresAsync(), await failures.GetAsync());
        var database = await failures.CopyAsync(servers.NameDatabase("guarded"));
        await server.ExecuteAsync(
            database,
            $"CREATE TABLE guarded (a int); CREATE ROLE {database} LOGIN PASSWORD 'pass-of-the-weak'; GRANT SELECT ON big TO {database};",
            Token);
        bench.Url = server.Url(database, database, "pass-of-the-weak");
        Assert.Contains("guarded", await bench.FailAsync("LARDER-061"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_killed_in_the_middle()
    {
        var bench = await failures.GetAsync();
        await using var server = await PostgresServer.StartAsync(Token);
        await PostgreSqlFailureBench.FillAsync(server, "postgres");
        await using var proxy = new HoldingProxy(server.Port);
        bench.Url = PostgreSqlFailureBench.Through(proxy, server, "postgres");
        await bench.FailInTheMiddleAsync("LARDER-062", proxy, Middle, server.CrashAsync);
    }

    [Fact]
    public async Task Connection_cut_in_the_middle()
    {
        var (server, bench) = (await servers.PostgresAsync(), await failures.GetAsync());
        await using var proxy = new HoldingProxy(server.Port);
        bench.Url = PostgreSqlFailureBench.Through(proxy, server, failures.Big);
        Assert.Contains("lost", await bench.FailInTheMiddleAsync("LARDER-062", proxy, Middle, proxy.CutAsync), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_dropped_in_the_middle()
    {
        var (server, bench) = (await servers.PostgresAsync(), await failures.GetAsync());
        var database = await failures.CopyAsync(servers.NameDatabase("dropped"));
        await using var proxy = new HoldingProxy(server.Port);
        bench.Url = PostgreSqlFailureBench.Through(proxy, server, database);
        await bench.FailInTheMiddleAsync("LARDER-062", proxy, Middle, () => server.DropDatabaseAsync(database, Token));
    }

    [Fact]
    public async Task Dump_tool_killed_in_the_middle()
    {
        var (server, bench) = (await servers.PostgresAsync(), await failures.GetAsync());
        await using var proxy = new HoldingProxy(server.Port);
        bench.Url = PostgreSqlFailureBench.Through(proxy, server, failures.Big);
        var said = await bench.FailInTheMiddleAsync("LARDER-065", proxy, Middle, async () =>
        {
            var dump = Assert.Single(
                RunningProcesses.FindByArgument($"dbname='{failures.Big}'"),
                process => File.ReadAllText(Path.Combine(process, "comm")).StartsWith("pg_dump", StringComparison.Ordinal));
            await FailureBench.ShellAsync($"kill -KILL {Path.GetFileName(dump)}");
        });
        Assert.Contains("SIGKILL", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dump_tool_exiting_1_after_it_wrote_everything()
    {
        var (server, bench) = (await servers.PostgresAsync(), await failures.GetAsync());
        bench.Url = server.Url(failures.Big);
        // Debian's pg_dump lies outside of PATH; stdbuf, through which it is run, does not.
        await bench.WithProgramAsync("stdbuf", """
            $real "$@" || exit 99
            case "$*" in */pg_dump*) echo 'out of luck' >&2; exit 1;; esac
            """, async () =>
            {
                var said = await bench.FailAsync("LARDER-065");
                Assert.Contains("ended with exit status 1", said, StringComparison.Ordinal);
                Assert.Contains("out of luck", said, StringComparison.Ordinal);
            });
    }

    [Fact]
    public async Task Statement_timeout()
    {
        var bench = await failures.GetAsync();
        await using var server = await PostgresServer.StartAsync(Token);
        await server.ExecuteAsync(
            "postgres", "CREATE ROLE hurried LOGIN SUPERUSER PASSWORD 'pass-of-the-weak'; ALTER ROLE hurried SET statement_timeout = '1s';", Token);
        // pg_dump turns the limit off for itself, pg_dumpall does not; and it asks for memberships, which nobody else needs here.
        await using var holder = await server.ConnectAsync("postgres", Token);
        await using var transaction = await holder.BeginTransactionAsync(Token);
        await using var command = holder.CreateCommand();
        command.CommandText = "LOCK TABLE pg_auth_members IN ACCESS EXCLUSIVE MODE";
        await command.ExecuteNonQueryAsync(Token);

        bench.Url = server.Url("postgres", "hurried", "pass-of-the-weak");
        await bench.WithConfigurationAsync(", globals: false }", " }", async () =>
        {
            var said = await bench.FailAsync("LARDER-066");
            Assert.Contains("because of a time limit", said, StringComparison.Ordinal);
            Assert.Contains("statement timeout", said, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Disk_of_the_repository_full()
    {
        var (server, bench) = (await servers.PostgresAsync(), await failures.GetAsync());
        var database = await failures.CopyAsync(servers.NameDatabase("incompressible"));
        await server.ExecuteAsync(
            database,
            "CREATE TABLE noise AS SELECT n, string_agg(md5(random()::text), '') "
            + "FROM generate_series(1, 5000) n, generate_series(1, 40) GROUP BY n",
            Token);
        bench.Url = server.Url(database);
        await bench.FailOnFullDiskAsync(kibibytes: 1500);
    }

    [Fact]
    public async Task Time_limit_of_the_source_reached_while_a_lock_holds_the_dump()
    {
        var (server, bench) = (await servers.PostgresAsync(), await failures.GetAsync());
        var database = await failures.CopyAsync(servers.NameDatabase("locked"));
        await using var holder = await server.ConnectAsync(database, Token);
        await using var transaction = await holder.BeginTransactionAsync(Token);
        await using var command = holder.CreateCommand();
        command.CommandText = "LOCK TABLE big IN ACCESS EXCLUSIVE MODE";
        await command.ExecuteNonQueryAsync(Token);

        bench.Url = server.Url(database);
        await bench.WithConfigurationAsync("globals: false }", "globals: false }, timeout: 5s", async () =>
            Assert.Contains("5s", await bench.FailAsync("LARDER-066"), StringComparison.Ordinal));
        Assert.Empty(RunningProcesses.FindByArgument($"dbname='{database}'"));
    }
}

/// <summary>The bench of PostgreSQL, made by the first test that asks for it, and the database that its tests break.</summary>
public sealed class PostgreSqlFailureBench(DatabaseServers servers) : IAsyncDisposable
{
    public const string WrongPassword = "not-the-password";

    private FailureBench? bench;

    /// <summary>A table of 25 MB.</summary>
    public string Big { get; private set; } = "";

    internal async Task<FailureBench> GetAsync()
    {
        if (bench is null)
        {
            var server = await servers.PostgresAsync();
            var small = servers.NameDatabase("small");
            await server.CreateDatabaseAsync(small, default);
            await server.ExecuteAsync(small, "CREATE TABLE small AS SELECT 1 AS one", default);
            Big = servers.NameDatabase("big");
            await server.CreateDatabaseAsync(Big, default);
            await FillAsync(server, Big);
            bench = await FailureBench.CreateAsync(
                "postgresql", ", globals: false", server.Url(small), WrongPassword, "pass-of-the-weak", "se:cr@t", "se%3Acr%40t");
        }
        return bench;
    }

    public static Task FillAsync(PostgresServer server, string database) => server.ExecuteAsync(
        database, "CREATE TABLE big AS SELECT n, repeat(md5(n::text), 30) AS filling FROM generate_series(1, 25000) n", default);

    public static string Through(HoldingProxy proxy, PostgresServer server, string database) => server.Url(database).Replace(
        string.Create(CultureInfo.InvariantCulture, $":{server.Port}/"),
        string.Create(CultureInfo.InvariantCulture, $":{proxy.Port}/"),
        StringComparison.Ordinal);

    public async Task<string> CopyAsync(string name)
    {
        await (await servers.PostgresAsync()).CreateDatabaseAsync(name, default, $"TEMPLATE {Big}");
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        if (bench is not null)
        {
            await bench.DisposeAsync();
        }
    }
}

/// <summary>MongoDB's part, on a server with accounts of its own.</summary>
[Trait("Kind", "server")]
public sealed class MongoDbFailureMatrixTests
{
    private const string Wrong = "not-the-password";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_password_full_disk_cut_connection_and_killed_server()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        await using var server = await MongoServer.StartReplicaSetAsync(withAccounts: true, Token);
        await using (var shell = await MongoShell.OpenAsync(server.Url))
        {
            await shell.InsertAsync("small", "things", 1, (bson, at) => bson.Int32("_id", at));
            var random = new Random(3);
            await shell.InsertAsync("big", "things", 6000, (bson, at) =>
            {
                var noise = new byte[4000]; // 24 MB that no compression makes smaller.
                random.NextBytes(noise);
                bson.Int32("_id", at);
                bson.Binary("noise", noise);
            });
        }
        await using var bench = await FailureBench.CreateAsync(
            "mongodb", "", WithDatabase(server.Url, "small"), Wrong, "owner's", "owner%27s");

        bench.Url = WithDatabase(server.UrlFor("owner", Wrong), "big");
        await bench.FailAsync("LARDER-061");
        bench.Url = WithDatabase(server.Url, "big");
        await bench.FailOnFullDiskAsync(kibibytes: 4000);
        await using (var cutting = new HoldingProxy(server.Port))
        {
            bench.Url = Through(cutting, server, "big");
            await bench.FailInTheMiddleAsync("LARDER-062", cutting, 2_000_000, cutting.CutAsync);
        }
        await using var proxy = new HoldingProxy(server.Port);
        bench.Url = Through(proxy, server, "big");
        await bench.FailInTheMiddleAsync("LARDER-062", proxy, 2_000_000, server.KillAsync);
    }

    private static string WithDatabase(string url, string database) =>
        url.Replace("/?", $"/{database}?authSource=admin&", StringComparison.Ordinal);

    private static string Through(HoldingProxy proxy, MongoServer server, string database) => string.Create(
        CultureInfo.InvariantCulture,
        $"{server.Url[..server.Url.LastIndexOf(':')]}:{proxy.Port}/{database}?authSource=admin&directConnection=true");
}

/// <summary>MariaDB's part, on a server of its own.</summary>
[Trait("Kind", "server")]
public sealed class MySqlFailureMatrixTests
{
    private const string Password = "p:a@ss-w%rd";
    private const string Wrong = "not-the-password";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_password_failing_tool_full_disk_cut_connection_and_killed_server()
    {
        await using var server = await MariaDbServer.StartAsync(cancellationToken: Token);
        await server.ExecuteAsync($"""
            CREATE USER larder@'127.0.0.1' IDENTIFIED BY '{Password}';
            GRANT ALL ON *.* TO larder@'127.0.0.1';
            CREATE USER larder@localhost IDENTIFIED BY '{Password}';
            GRANT ALL ON *.* TO larder@localhost;
            CREATE DATABASE small;
            CREATE TABLE small.things SELECT 1 AS one;
            CREATE DATABASE big;
            USE big;
            CREATE TABLE things (id INT PRIMARY KEY, noise BLOB);
            INSERT INTO things SELECT seq, RANDOM_BYTES(1000) FROM seq_1_to_12000;
            """, cancellationToken: Token);
        string Url(int port, string database, string password = Password) => string.Create(
            CultureInfo.InvariantCulture, $"mysql://larder:{Uri.EscapeDataString(password)}@127.0.0.1:{port}/{database}");
        await using var bench = await FailureBench.CreateAsync(
            "mysql", "", Url(server.Port, "small"), Password, Wrong, Uri.EscapeDataString(Password));

        bench.Url = Url(server.Port, "big", Wrong);
        await bench.FailAsync("LARDER-061");

        bench.Url = Url(server.Port, "small");
        await bench.WithProgramAsync(
            "mariadb-dump",
            "$real \"$@\"\ncase \"$*\" in *--version* | *--help*) exit 0;; esac\necho 'out of luck' >&2\nexit 1",
            async () => Assert.Contains("out of luck", await bench.FailAsync("LARDER-065"), StringComparison.Ordinal));

        bench.Url = Url(server.Port, "big");
        await bench.FailOnFullDiskAsync(kibibytes: 3000);

        await using (var cutting = new HoldingProxy(server.Port))
        {
            bench.Url = Url(cutting.Port, "big");
            await bench.FailInTheMiddleAsync("LARDER-062", cutting, 1_000_000, cutting.CutAsync);
        }
        await using var proxy = new HoldingProxy(server.Port);
        bench.Url = Url(proxy.Port, "big");
        await bench.FailInTheMiddleAsync("LARDER-062", proxy, 1_000_000, server.KillAsync);
    }
}
