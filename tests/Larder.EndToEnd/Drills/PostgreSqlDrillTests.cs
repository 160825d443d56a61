using System.Text.Json;
using Larder.EndToEnd.Servers;
using Larder.Sources.Tests;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Drills;

[Trait("Kind", "server")]
public sealed class PostgreSqlDrillTests(DatabaseServers servers)
{
    private const string Content = """
        CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());
        INSERT INTO users (name) SELECT 'user ' || g FROM generate_series(1, 3000) g;
        CREATE TABLE orders (id int PRIMARY KEY, user_id bigint REFERENCES users, amount numeric(10, 2));
        INSERT INTO orders SELECT g, g, g * 1.5 FROM generate_series(1, 500) g;
        CREATE TABLE measured (at date, value int) PARTITION BY RANGE (at);
        CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        INSERT INTO measured SELECT '2024-01-01'::date + g, g FROM generate_series(0, 300) g;
        CREATE MATERIALIZED VIEW totals AS SELECT user_id, sum(amount) FROM orders GROUP BY 1;
        SELECT lo_from_bytea(0, 'a large object'), lo_from_bytea(0, decode(repeat('ab', 1500000), 'hex'));
        """;

    private const string Assertions =
        ", assert: [{ source: db, sql: \"select count(*) = 3000 from users\" }, "
        + "{ source: db, shell: \"test \\\"$(psql -qtAX \\\"$LARDER_DRILL_URL\\\" -c 'select count(*) from totals')\\\" = 500\" }]";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_good_backup_passes_with_every_entry_assertion_figure_verdict_and_evidence()
    {
        var server = await servers.PostgresAsync();
        var name = await MakeAsync(server);
        await using var desk = await DrillDesk.CreateAsync("postgresql", server.Url(name), drill: Assertions);

        var said = await desk.DrillAsync(0, "app");

        Assert.Equal("success", said.GetProperty("status").GetString());
        Assert.True(said.GetProperty("rto_seconds").GetDouble() > 0);
        Assert.All(said.GetProperty("entries").EnumerateArray(), entry => Assert.True(entry.GetProperty("match").GetBoolean(), entry.GetRawText()));
        Assert.Equal(3000, DrillDesk.Entry(said, ".users").GetProperty("rows").GetInt64());
        Assert.Equal(2, DrillDesk.Entry(said, ".large_objects").GetProperty("rows").GetInt64());
        Assert.NotNull(DrillDesk.Entry(said, ".large_objects").GetProperty("fingerprint").GetString());
        Assert.Equal([true, true], said.GetProperty("assertions").EnumerateArray().Select(assertion => assertion.GetProperty("passed").GetBoolean()));
        var steps = DrillDesk.Report(said).GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("step").GetString());
        Assert.Equal(["start", "restore", "compare", "assertions", "tear_down"], steps);
        Assert.Equal("success", await desk.VerdictAsync(DrillDesk.Report(said).GetProperty("backup_id").GetString()!));
        await AssertEvidenceAsync(desk, said);
        Assert.Contains("drill", (await desk.Larder.ExpectAsync(0, "runs", "--kind", "drill")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_that_restores_to_other_content_or_fewer_rows_fails_and_names_the_table()
    {
        var server = await servers.PostgresAsync();
        await using var desk = await DrillDesk.CreateAsync("postgresql", server.Url(await MakeAsync(server)));

        var other = await desk.PlantAsync(manifest => manifest.WithOtherContent(".orders"));
        var said = await desk.DrillAsync(5, other);
        Assert.Equal("failed", said.GetProperty("status").GetString());
        Assert.Equal("LARDER-037", DrillDesk.Code(said));
        Assert.Contains("orders\" has other content", DrillDesk.Error(said), StringComparison.Ordinal);
        Assert.False(DrillDesk.Entry(said, ".orders").GetProperty("match").GetBoolean());
        Assert.True(DrillDesk.Entry(said, ".users").GetProperty("match").GetBoolean());
        Assert.Equal("failed", await desk.VerdictAsync(other));

        var lost = await desk.PlantAsync(manifest => manifest.WithRowLost(".users").WithOtherContent(".large_objects"));
        said = await desk.DrillAsync(5, lost);
        Assert.Contains("users\" has 3000 rows, and the manifest recorded 3001", DrillDesk.Error(said), StringComparison.Ordinal);
        Assert.Contains("large_objects", DrillDesk.Error(said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dump_that_lost_a_row_or_an_end_or_its_table_of_contents_fails_as_damage()
    {
        var server = await servers.PostgresAsync();
        var name = await MakeAsync(server);
        await using var desk = await DrillDesk.CreateAsync("postgresql", server.Url(name));
        Func<Engine.Backups.Manifest, string> orders = manifest =>
            manifest.Sources[0].Entries.Single(entry => entry.Name.EndsWith(".orders", StringComparison.Ordinal)).File;

        var said = await desk.DrillAsync(5, await desk.PlantFileAsync(orders, bytes => bytes[(Array.IndexOf(bytes, (byte)'\n') + 1)..]));
        Assert.Contains("orders\" has 499 rows, and the manifest recorded 500", DrillDesk.Error(said), StringComparison.Ordinal);

        said = await desk.DrillAsync(5, await desk.PlantFileAsync(orders, bytes => bytes[..(bytes.Length / 2)]));
        Assert.Equal("LARDER-037", DrillDesk.Code(said));

        var cut = await desk.PlantFileAsync(_ => $"{name}/toc.dat", bytes => bytes[..(bytes.Length / 2)]);
        said = await desk.DrillAsync(5, cut);
        Assert.Equal("LARDER-037", DrillDesk.Code(said));
        Assert.Contains("cannot be restored", DrillDesk.Error(said), StringComparison.Ordinal);
        Assert.Equal("failed", await desk.VerdictAsync(cut));
    }

    [Fact]
    public async Task An_assertion_that_is_not_true_fails_the_drill_of_a_whole_backup()
    {
        var server = await servers.PostgresAsync();
        await using var desk = await DrillDesk.CreateAsync(
            "postgresql", server.Url(await MakeAsync(server)),
            drill: ", assert: [{ source: db, sql: \"select count(*) > 3000 from users\" }, { source: db, sql: \"select name from users\" }, "
                + "{ source: db, sql: \"select nothing from users\" }, { source: db, shell: \"echo it is not so >&2; exit 3\" }]");

        var said = await desk.DrillAsync(5);

        Assert.Equal("LARDER-016", DrillDesk.Code(said));
        Assert.Contains("it answered f", DrillDesk.Error(said), StringComparison.Ordinal);
        var messages = said.GetProperty("assertions").EnumerateArray().Select(assertion => assertion.GetProperty("message").GetString()).ToList();
        Assert.Contains("more than one row", messages[1], StringComparison.Ordinal);
        Assert.Contains("does not exist", messages[2], StringComparison.Ordinal);
        Assert.Contains("it is not so", messages[3], StringComparison.Ordinal);
        Assert.All(said.GetProperty("entries").EnumerateArray(), entry => Assert.True(entry.GetProperty("match").GetBoolean()));
    }

    [Fact]
    public async Task A_drill_without_the_server_program_is_no_pass_and_no_verdict()
    {
        var server = await servers.PostgresAsync();
        await using var desk = await DrillDesk.CreateAsync(
            "postgresql", server.Url(await MakeAsync(server)), drill: ", programs: { postgresql: /nowhere/bin }");

        var said = await desk.DrillAsync(1);

        Assert.Equal("failed", said.GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, said.GetProperty("rto_seconds").ValueKind);
        Assert.Equal("LARDER-064", DrillDesk.Code(said));
        Assert.Contains("initdb", DrillDesk.Error(said), StringComparison.Ordinal);

        // The doctor says so before anybody drills.
        using var doctor = JsonDocument.Parse((await desk.Larder.RunAsync("--json", "doctor")).Expect(1).OutputBytes);
        var check = doctor.RootElement.GetProperty("checks").EnumerateArray().Single(one => one.GetProperty("area").GetString() == "drill");
        Assert.Equal("problem", check.GetProperty("status").GetString());
        Assert.Contains("initdb", check.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Null(await desk.VerdictAsync(DrillDesk.Report(said).GetProperty("backup_id").GetString()!));
    }

    [Fact]
    public async Task A_server_that_dies_in_the_drill_is_no_pass_and_no_verdict()
    {
        var server = await servers.PostgresAsync();
        await using var desk = await DrillDesk.CreateAsync(
            "postgresql", server.Url(await MakeAsync(server)),
            drill: ", assert: [{ source: db, shell: \"kill -KILL $(head -n 1 $DRILLS/larder-drill-*/data/postmaster.pid)\" }, { source: db, sql: \"select true\" }]");
        desk.Larder.Environment["DRILLS"] = desk.Leftovers.Folder;

        var said = await desk.DrillAsync(1);

        Assert.Equal("LARDER-015", DrillDesk.Code(said));
        Assert.Contains("ended by itself", DrillDesk.Error(said), StringComparison.Ordinal);
        Assert.Null(await desk.VerdictAsync(DrillDesk.Report(said).GetProperty("backup_id").GetString()!));
    }

    [Theory]
    [InlineData("-KILL", 137)]
    [InlineData("-INT", 130)]
    public async Task A_drill_that_is_ended_in_any_step_leaves_no_process_and_no_folder(string signal, int exitStatus)
    {
        var server = await servers.PostgresAsync();
        await using var desk = await DrillDesk.CreateAsync(
            "postgresql", server.Url(await MakeAsync(server)), drill: ", assert: [{ source: db, shell: \"touch $MARK; sleep 600\" }]");
        desk.Larder.Environment["MARK"] = desk["asked"];
        Func<bool>[] moments =
        [
            () => desk.Leftovers.Folders.Count > 0, // initdb has just begun.
            () => desk.Leftovers.Folders.Any(folder => File.Exists(Path.Combine(folder, "data", "postmaster.pid"))),
            () => desk.Leftovers.Folders.Any(folder => Directory.Exists(Path.Combine(folder, "data", "base"))
                && Directory.GetDirectories(Path.Combine(folder, "data", "base")).Length > 3), // The restore has made its database.
            () => File.Exists(desk["asked"]),
        ];
        foreach (var moment in moments)
        {
            await using var drill = desk.Larder.Start("drill");
            await Leftovers.UntilAsync(() => moment() || drill.Completion.IsCompleted, () => "The moment did not come.");
            (await ChildProcess.RunAsync(new ChildCommand("kill", signal, $"{drill.Id}"), Token)).Expect();
            Assert.Equal(exitStatus, (await drill.Completion).ExitStatus);
            await desk.Leftovers.AssertNoneAsync();
        }
    }

    [Fact]
    public async Task A_scratch_server_keeps_nothing_of_a_drill_also_of_one_that_is_killed_with_its_keeper()
    {
        var server = await servers.PostgresAsync();
        var name = await MakeAsync(server);
        await using var desk = await DrillDesk.CreateAsync(
            "postgresql", server.Url(name),
            drill: ", servers: { db: \"${SCRATCH_URL:-postgresql://localhost/}\" }, assert: [{ source: db, sql: \"select current_database() like 'larder_drill_%'\" }, "
                + "{ source: db, shell: \"test -z \\\"$HOLD\\\" || { touch $HOLD; sleep 600; }\" }]");
        desk.Larder.Environment["SCRATCH_URL"] = server.Url();
        desk.Larder.Environment["HOLD"] = "";

        var said = await desk.DrillAsync(0);
        Assert.Equal(3000, DrillDesk.Entry(said, ".users").GetProperty("rows").GetInt64());
        Assert.Equal("", await DrillDatabasesAsync(server));

        await KillWhileHeldAsync(desk, server, withKeeper: false);
        await Leftovers.UntilAsync(async () => await DrillDatabasesAsync(server) == "", () => "The keeper did not drop the databases.");

        await KillWhileHeldAsync(desk, server, withKeeper: true);
        Assert.NotEqual("", await DrillDatabasesAsync(server));
        desk.Larder.Environment["HOLD"] = "";
        await desk.DrillAsync(0);
        Assert.Equal("", await DrillDatabasesAsync(server));
        Assert.Equal(3000L, await server.ScalarAsync(name, "SELECT count(*) FROM users", Token));
    }

    private static async Task KillWhileHeldAsync(DrillDesk desk, PostgresServer server, bool withKeeper)
    {
        File.Delete(desk["held"]);
        desk.Larder.Environment["HOLD"] = desk["held"];
        await using var drill = desk.Larder.Start("drill");
        await Leftovers.UntilAsync(() => File.Exists(desk["held"]) || drill.Completion.IsCompleted, () => "The drill did not come so far.");
        Assert.NotEqual("", await DrillDatabasesAsync(server));
        if (withKeeper)
        {
            var keeper = Assert.Single(RunningProcesses.FindByArgument("keep-scratch"), path => ParentOf(path) == $"{drill.Id}");
            (await ChildProcess.RunAsync(new ChildCommand("kill", "-KILL", Path.GetFileName(keeper)), Token)).Expect();
        }
        drill.Kill();
        await drill.Completion;
    }

    private static string ParentOf(string process)
    {
        var stat = File.ReadAllText($"{process}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1];
    }

    private static async Task AssertEvidenceAsync(DrillDesk desk, JsonElement said)
    {
        var path = said.GetProperty("drills")[0].GetProperty("evidence").GetString()!;
        var checkedNow = await desk.Larder.JsonAsync("drill", "--check", path);
        Assert.True(checkedNow.GetProperty("genuine").GetBoolean());
        Assert.Equal(DrillDesk.Report(said).GetProperty("run_id").GetString(), checkedNow.GetProperty("run_id").GetString());

        // Without Larder: the second line, the signature, and openssl.
        var lines = await File.ReadAllLinesAsync(path, Token);
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(path, Token));
        await File.WriteAllTextAsync(desk["report"], lines[1], Token);
        await using (var signature = File.Create(desk["signature"]))
        {
            await signature.WriteAsync(document.RootElement.GetProperty("signature").GetProperty("value").GetBytesFromBase64(), Token);
        }
        var openssl = new ChildCommand(
            "openssl", "dgst", "-sha256", "-verify", desk["state/evidence.pub"], "-signature", desk["signature"], desk["report"]);
        (await ChildProcess.RunAsync(openssl, Token)).Expect();

        var forged = (await File.ReadAllTextAsync(path, Token)).Replace("\"recorded\":3000", "\"recorded\":3001", StringComparison.Ordinal);
        await File.WriteAllTextAsync(desk["forged.json"], forged, Token);
        Assert.Contains("LARDER-017", (await desk.Larder.ExpectAsync(5, "drill", "--check", desk["forged.json"])).Error, StringComparison.Ordinal);
    }

    private static async Task<string> DrillDatabasesAsync(PostgresServer server) =>
        (string)(await server.ScalarAsync("postgres", "SELECT coalesce(string_agg(datname, ','), '') FROM pg_database WHERE datname LIKE 'larder\\_drill\\_%'", Token))!;

    private async Task<string> MakeAsync(PostgresServer server)
    {
        var name = servers.NameDatabase("drilled");
        await server.CreateDatabaseAsync(name, Token);
        await server.ExecuteAsync(name, Content, Token);
        return name;
    }
}
