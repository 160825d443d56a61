using System.Text.Json;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Servers;

[Trait("Kind", "server")]
public sealed class PostgreSqlTests(DatabaseServers servers)
{
    private const string Content = """
        CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());
        INSERT INTO users (name) SELECT 'user ' || g FROM generate_series(1, 3000) g;
        CREATE TABLE orders (id int PRIMARY KEY, user_id bigint REFERENCES users, amount numeric(10, 2), twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
        INSERT INTO orders SELECT g, g, g * 1.5 FROM generate_series(1, 500) g;
        CREATE TABLE measured (at date, value int) PARTITION BY RANGE (at);
        CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        INSERT INTO measured SELECT '2024-01-01'::date + g, g FROM generate_series(0, 300) g;
        CREATE MATERIALIZED VIEW totals AS SELECT user_id, sum(amount) FROM orders GROUP BY 1;
        CREATE VIEW names AS SELECT name FROM users;
        CREATE FUNCTION greet(who text) RETURNS text LANGUAGE sql AS $$ SELECT 'hello ' || who $$;
        COMMENT ON TABLE users IS 'who uses it';
        CREATE TABLE notes (id int PRIMARY KEY, body jsonb);
        INSERT INTO notes SELECT g, jsonb_build_object('n', g) FROM generate_series(1, 100) g;
        SELECT lo_from_bytea(0, 'a large object');
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_database_is_proven_listed_and_restored_beside_in_place_and_into_staging()
    {
        var server = await servers.PostgresAsync();
        var (name, copy, staging) = (await MakeAsync(server), servers.NameDatabase("copy"), servers.NameDatabase("staging"));
        await using var desk = await ServerDesk.CreateAsync("postgresql", server.Url(name));
        desk.StagingUrl = server.Url(staging);
        var before = await DescribeAsync(server, name);

        var backup = await desk.BackUpAsync();
        Assert.Equal("success", backup.GetProperty("status").GetString());
        Assert.Equal(name, backup.GetProperty("sources")[0].GetProperty("database_name").GetString());
        await AssertManifestAsync(desk, name);
        await desk.Larder.ExpectAsync(0, "verify", "app:latest", "--level", "content");

        var plan = (await desk.Larder.RunAsync("--json", "restore", "app:latest")).Expect(4);
        Assert.Contains(name, JsonDocument.Parse(plan.OutputBytes).RootElement.GetProperty("lines")[0].GetProperty("replaced").ToString(), StringComparison.Ordinal);
        await desk.RestoreAsync("--target", server.Url(copy));
        Assert.Equal(before, await DescribeAsync(server, copy));

        await server.ExecuteAsync(name, "DELETE FROM orders; UPDATE users SET name = 'nobody'; DROP VIEW names", Token);
        await desk.RestoreAsync();
        Assert.Equal(before, await DescribeAsync(server, name));

        await desk.RestoreAsync("--environment", "staging");
        Assert.Equal(before, await DescribeAsync(server, staging));
    }

    [Fact]
    public async Task One_table_comes_back_into_the_live_database_and_the_others_stay()
    {
        var server = await servers.PostgresAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("postgresql", server.Url(name));
        await desk.BackUpAsync();
        await server.ExecuteAsync(name, "DELETE FROM orders; DROP TABLE notes; INSERT INTO users (name) VALUES ('late')", Token);

        await desk.RestoreAsync("--entry", "notes");
        Assert.Contains("totals", await desk.FailAsync(4, "LARDER-034", "sekret", "restore", "app:latest", "--entry", "orders", "--confirm"), StringComparison.Ordinal);
        await desk.RestoreAsync("--entry", "orders", "--data-only");

        Assert.Equal(100L, await server.ScalarAsync(name, "SELECT count(*) FROM notes", Token));
        Assert.Equal(500L, await server.ScalarAsync(name, "SELECT count(*) FROM orders", Token));
        Assert.Equal(3001L, await server.ScalarAsync(name, "SELECT count(*) FROM users", Token));
        var table = (await desk.Larder.RunAsync("export", "app:latest", "--to", "-", "--entry", "users")).Expect();
        Assert.Equal(3000, table.Output.Split('\n').Count(line => line.Contains("user ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Stock_restic_and_pg_restore_bring_it_back_without_larder()
    {
        var server = await servers.PostgresAsync();
        var (name, byRestic, byExport) = (await MakeAsync(server), servers.NameDatabase("byrestic"), servers.NameDatabase("byexport"));
        await using var desk = await ServerDesk.CreateAsync("postgresql", server.Url(name));
        await desk.BackUpAsync();
        var before = await DescribeAsync(server, name);

        await PgRestoreAsync(server, Path.Combine(await desk.RestoreByResticAsync(), name), byRestic);
        await desk.Larder.ExpectAsync(0, "export", "app:latest", "--to", desk["export"]);
        await PgRestoreAsync(server, Path.Combine(desk["export"], name), byExport);

        Assert.Equal(before, await DescribeAsync(server, byRestic));
        Assert.Equal(before, await DescribeAsync(server, byExport));
    }

    [Fact]
    public async Task What_cannot_be_reached_or_understood_fails_clearly_and_leaves_no_backup()
    {
        const string wrong = "not-the-password";
        var server = await servers.PostgresAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("postgresql", server.Url(name));
        await desk.BackUpAsync();

        await desk.FailAsync(2, "LARDER-003", wrong, "restore", "app:latest", "--target", $"mysql://root:{wrong}@localhost/x");
        await desk.FailAsync(2, "LARDER-003", wrong, "restore", "app:latest", "--target", $"redis://:{wrong}@localhost/0");
        await desk.FailAsync(2, "LARDER-003", wrong, "restore", "app:latest", "--environment", "nowhere");
        await desk.FailAsync(2, "LARDER-023", wrong, "restore", "app:latest", "--entry", "nothing");
        await desk.FailAsync(2, "LARDER-003", wrong, "restore", "app:latest", "--schema-only", "--data-only");
        await desk.FailAsync(1, "LARDER-061", wrong, "restore", "app:latest", "--target", server.Url("x", password: wrong), "--confirm");
        desk.Url = server.Url(name, password: wrong);
        Assert.Contains("\"db\"", await desk.FailAsync(1, "LARDER-061", wrong, "backup"), StringComparison.Ordinal);
        desk.Url = server.Url("no_such_database");
        await desk.FailAsync(1, "LARDER-060", PostgresServer.Password, "backup");
        desk.Url = "postgresql://postgres@127.0.0.1:1/app";
        await desk.FailAsync(1, "LARDER-062", wrong, "backup");
        Assert.Contains("source app/db", (await desk.Larder.RunAsync("doctor")).Expect(1).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_emptied_and_an_empty_database_are_never_a_plain_success()
    {
        var server = await servers.PostgresAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("postgresql", server.Url(name));
        await desk.BackUpAsync();
        await server.ExecuteAsync(name, "DELETE FROM orders", Token);

        var emptied = (await desk.Larder.RunAsync("--json", "backup")).Expect(3);
        var warning = JsonDocument.Parse(emptied.OutputBytes).RootElement.GetProperty("warnings")[0];
        Assert.Equal("emptied", warning.GetProperty("kind").GetString());
        await desk.Larder.ExpectAsync(0, "backup", "--accept-empty");
        await desk.Larder.ExpectAsync(0, "backup");

        var empty = servers.NameDatabase("empty");
        await server.CreateDatabaseAsync(empty, Token);
        await using var another = await ServerDesk.CreateAsync("postgresql", server.Url(empty));
        var said = (await another.Larder.RunAsync("--json", "backup")).Expect(3);
        Assert.Equal("empty", JsonDocument.Parse(said.OutputBytes).RootElement.GetProperty("warnings")[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task The_variables_of_a_seed_alone_back_a_database_up()
    {
        var server = await servers.PostgresAsync();
        var name = await MakeAsync(server);
        await using var larder = new LarderProcess();
        larder.Environment["DATABASE_URL"] = server.Url(name).Replace("postgresql://", "postgresql+asyncpg://", StringComparison.Ordinal);
        larder.Environment["BACKUP_DIR"] = Path.Combine(larder.HomeFolder, "backups");
        larder.Environment["BACKUP_RETENTION_DAYS"] = "14";

        await larder.ExpectAsync(0, "init");
        Assert.Equal("success", (await larder.JsonAsync("backup")).GetProperty("status").GetString());
        var shown = (await larder.RunAsync("config", "show")).Expect();
        Assert.Contains("14d", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Uri.EscapeDataString(PostgresServer.Password), shown.Output, StringComparison.Ordinal);
        Assert.Equal(name, (await larder.JsonAsync("list"))[0].GetProperty("job").GetString());
    }

    private static async Task AssertManifestAsync(ServerDesk desk, string name)
    {
        var shown = await desk.Larder.JsonAsync("show", "app:latest");
        var source = shown.GetProperty("manifest").GetProperty("sources")[0];
        Assert.Equal(JsonValueKind.Array, source.GetProperty("not_captured").ValueKind);
        var users = source.GetProperty("entries").EnumerateArray().Single(entry => entry.GetProperty("name").GetString() == $"{name}.public.users");
        Assert.Equal(3000, users.GetProperty("rows").GetInt64());
        Assert.True(users.GetProperty("duration_seconds").GetDouble() >= 0);
        foreach (var fact in (string[])["engine_version", "tool_version", "database_host", "encoding", "consistency"])
        {
            Assert.NotEmpty(source.GetProperty(fact).GetString()!);
        }
    }

    private async Task<string> MakeAsync(PostgresServer server)
    {
        var name = servers.NameDatabase("app");
        await server.CreateDatabaseAsync(name, Token);
        await server.ExecuteAsync(name, Content, Token);
        return name;
    }

    private static async Task PgRestoreAsync(PostgresServer server, string folder, string database)
    {
        await server.CreateDatabaseAsync(database, Token);
        (await ChildProcess.RunAsync(server.Tool("pg_restore", "-Fd", "-j", "2", "-d", database, "--exit-on-error", folder), Token)).Expect();
    }

    /// <summary>Definitions and contents as pg_dump writes them, rows in order, without what names the database or a secret of the run.</summary>
    private static async Task<string> DescribeAsync(PostgresServer server, string database)
    {
        var dumped = (await ChildProcess.RunAsync(server.Tool("pg_dump", "-d", database, "--schema-only"), Token)).Expect().Output;
        var lines = dumped.Split('\n').Where(line => !line.StartsWith("\\restrict", StringComparison.Ordinal)
            && !line.StartsWith("\\unrestrict", StringComparison.Ordinal));
        var facts = await server.ScalarAsync(database, """
            SELECT concat_ws(' ',
                (SELECT md5(string_agg(users::text, '|' ORDER BY id)) FROM users),
                (SELECT md5(string_agg(orders::text, '|' ORDER BY id)) FROM orders),
                (SELECT md5(string_agg(measured::text, '|' ORDER BY at)) FROM measured),
                (SELECT count(*) FROM totals),
                (SELECT string_agg(encode(lo_get(oid), 'escape'), '|') FROM pg_largeobject_metadata))
            """, Token);
        return string.Join('\n', lines) + facts;
    }
}
