using System.Globalization;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Servers;

[Trait("Kind", "server")]
public sealed class MySqlTests(DatabaseServers servers)
{
    private const string Account = "larder";
    private const string AccountPassword = "p:a@ss/w%rd";
    private const int LinesMax = 10; // A restore of one source notes about so many.

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_database_is_proven_and_restored_beside_in_place_and_without_larder()
    {
        var server = await servers.MariaDbAsync();
        var (name, copy, byHand) = (await MakeAsync(server), servers.NameDatabase("copy"), servers.NameDatabase("byhand"));
        await using var desk = await ServerDesk.CreateAsync("mysql", Url(server, name));
        var before = await DescribeAsync(server, name);

        Assert.Equal("success", (await desk.BackUpAsync()).GetProperty("status").GetString());
        await desk.Larder.ExpectAsync(0, "verify", "app:latest", "--level", "content");
        await desk.RestoreAsync("--target", Url(server, copy));
        Assert.Equal(before, await DescribeAsync(server, copy));

        var folder = Path.Combine(await desk.RestoreByResticAsync(), name);
        await server.ExecuteAsync($"CREATE DATABASE {byHand}");
        var script = string.Concat(Directory.GetFiles(folder).Order(StringComparer.Ordinal)
            .Where(file => !file.EndsWith("1-database.sql", StringComparison.Ordinal)).Select(File.ReadAllText));
        await server.ExecuteAsync(script, byHand);
        Assert.Equal(before, await DescribeAsync(server, byHand));

        // Last: it makes a safety backup, which is what restic takes for the latest.
        await server.ExecuteAsync("DELETE FROM entries; DROP TRIGGER stamped;", name);
        await desk.RestoreAsync();
        Assert.Equal(before, await DescribeAsync(server, name));
    }

    [Fact]
    public async Task A_restore_is_undone_by_a_red_health_check_and_by_rollback_and_nothing_stays_but_what_is_kept()
    {
        var server = await servers.MariaDbAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync(
            "mysql", Url(server, name), job: "service: { healthy: test ! -e unwell, healthy_within: 1s }");
        await desk.BackUpAsync();
        var backedUp = await DescribeAsync(server, name);
        await server.ExecuteAsync(
            $"GRANT SELECT ON {name}.* TO '{Account}'@'%'; ALTER DATABASE {name} CHARACTER SET latin2; "
            + "DELETE FROM entries; DROP TRIGGER stamped; CREATE TABLE later(id INT); CREATE VIEW new_view AS SELECT id FROM later;",
            name);
        var before = await DescribeAsync(server, name);

        await File.WriteAllTextAsync(desk["unwell"], "", Token);
        var failed = (await desk.Larder.RunAsync("restore", "app:latest", "--confirm")).Expect(1);
        Assert.Contains("LARDER-091", failed.Error, StringComparison.Ordinal);
        Assert.Equal(before, await DescribeAsync(server, name));
        Assert.Empty(await KeptAsync(server, name));
        File.Delete(desk["unwell"]);

        await desk.RestoreAsync();
        Assert.Equal(backedUp, await DescribeAsync(server, name));
        Assert.Equal(["", "_mark", "_old"], await KeptAsync(server, name));
        await desk.Larder.ExpectAsync(0, "rollback", "--confirm");
        Assert.Equal(before, await DescribeAsync(server, name));
        Assert.Equal("latin2", await server.ExecuteAsync("SELECT @@character_set_database", name));
    }

    [Fact]
    public Task Killed_at_a_step_a_restore_is_undone_or_finished() => SeededRandom.RunAsync(async random =>
    {
        var server = await servers.MariaDbAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("mysql", Url(server, name));
        await desk.BackUpAsync();
        var backedUp = await DescribeAsync(server, name);
        await server.ExecuteAsync("DELETE FROM entries WHERE id > 5; DROP TRIGGER stamped; CREATE VIEW again AS SELECT text FROM texts;", name);
        var before = await DescribeAsync(server, name);
        for (var lines = 1; lines <= LinesMax; lines++)
        {
            var kept = (await KeptAsync(server, name)).Count;
            var wasKilled = await RestoreAndKillAsync(desk, lines, random);
            var said = await desk.Larder.ExpectAsync(0, "restore", "--resume");
            var found = await DescribeAsync(server, name);
            TestContext.Current.TestOutputHelper?.WriteLine($"{lines} lines, killed {wasKilled}: {said}");
            if (found == backedUp)
            {
                await desk.Larder.ExpectAsync(0, "rollback", "--confirm");
                found = await DescribeAsync(server, name);
            }
            else
            {
                Assert.True(wasKilled, "A restore that ended well restored nothing.");
                Assert.Equal(kept, (await KeptAsync(server, name)).Count);
            }
            Assert.Equal(before, found);
        }
    });

    [Fact]
    public async Task A_table_comes_back_beside_under_another_name_and_over_the_live_one_and_all_of_it_in_place()
    {
        var server = await servers.MariaDbAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("mysql", Url(server, name));
        var backup = (await desk.BackUpAsync()).GetProperty("backup_id").GetString()!;
        var backedUp = await DescribeAsync(server, name);
        await server.ExecuteAsync("DELETE FROM entries WHERE id > 7; CREATE TABLE stays(id INT);", name);

        await RestoreAsync("--entry", "entries", "--as", "entries_before");
        Assert.Equal("2000\t7", await server.ExecuteAsync("SELECT (SELECT COUNT(*) FROM entries_before), (SELECT COUNT(*) FROM entries)", name));
        await server.ExecuteAsync("DROP TABLE entries_before", name);

        await RestoreAsync("--entry", "entries");
        Assert.Equal("2000\tstays", await server.ExecuteAsync("SELECT COUNT(*), (SELECT GROUP_CONCAT(TABLE_NAME) FROM information_schema.TABLES "
            + "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'stays') FROM texts", name));
        await desk.Larder.ExpectAsync(0, "rollback", "--confirm");
        Assert.Equal("7", await server.ExecuteAsync("SELECT COUNT(*) FROM texts", name));

        var kept = await KeptAsync(server, name);
        await RestoreAsync("--in-place");
        Assert.Equal(backedUp, await DescribeAsync(server, name));
        Assert.Equal(kept, await KeptAsync(server, name));

        async Task RestoreAsync(params IReadOnlyList<string> options)
        {
            var said = await desk.Larder.JsonAsync(["restore", backup, "--confirm", .. options]);
            Assert.Equal("success", said.GetProperty("status").GetString());
        }
    }

    [Fact]
    public async Task A_database_whose_table_was_dropped_below_a_view_is_restored_and_rolled_back()
    {
        var server = await servers.MariaDbAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("mysql", Url(server, name));
        await desk.BackUpAsync();
        var backedUp = await DescribeAsync(server, name);
        await server.ExecuteAsync("DROP TABLE entries", name);

        await desk.RestoreAsync();
        Assert.Equal(backedUp, await DescribeAsync(server, name));
        await desk.Larder.ExpectAsync(0, "rollback", "--confirm");
        Assert.Equal("texts", await server.ExecuteAsync("SHOW TABLES", name));
    }

    [Fact]
    public async Task What_cannot_be_reached_fails_clearly_and_leaves_no_backup()
    {
        const string wrong = "not-the-password";
        var server = await servers.MariaDbAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("mysql", Url(server, name));

        desk.Url = Url(server, name, wrong);
        await desk.FailAsync(1, "LARDER-061", wrong, "backup");
        desk.Url = Url(server, "no_such_database");
        await desk.FailAsync(1, "LARDER-060", AccountPassword, "backup");
        desk.Url = "mysql://larder@127.0.0.1:1/app";
        await desk.FailAsync(1, "LARDER-062", wrong, "backup");
    }

    /// <summary>Restores in place, killed as soon as the journal has so many lines, or a little later.</summary>
    /// <returns>False where it had ended before.</returns>
    private static async Task<bool> RestoreAndKillAsync(ServerDesk desk, int lines, Random random)
    {
        var journals = Directory.CreateDirectory(Path.Combine(desk["state"], "restores")).FullName;
        var known = Directory.GetFiles(journals, "*.jsonl").ToHashSet();
        await using var restore = desk.Larder.Start("restore", "app:latest", "--confirm");
        // Who writes to a journal holds it locked, so it is only looked at from outside: each line makes it longer.
        for (var (seen, length) = (0, 0L); !restore.Completion.IsCompleted && seen < lines; await Task.Yield())
        {
            var now = Directory.GetFiles(journals, "*.jsonl").Where(path => !known.Contains(path)).Sum(path => new FileInfo(path).Length);
            (seen, length) = now == length ? (seen, length) : (seen + 1, now);
        }
        var result = await restore.KillAfterAsync(TimeSpan.FromMilliseconds(random.Next(150)), TimeProvider.System);
        if (!result.WasKilled)
        {
            result.Expect();
        }
        return result.WasKilled;
    }

    /// <summary>What lies beside a database: what follows its restore's token in the names.</summary>
    private static async Task<IReadOnlyList<string>> KeptAsync(MariaDbServer server, string name) =>
        [.. (await server.ExecuteAsync("SHOW DATABASES")).Split('\n')
            .Where(found => found.StartsWith($"{name}_larder_", StringComparison.Ordinal))
            .Select(found => found[$"{name}_larder_12345678".Length..])
            .Order(StringComparer.Ordinal)];

    private async Task<string> MakeAsync(MariaDbServer server)
    {
        var name = servers.NameDatabase("app");
        await server.ExecuteAsync($"""
            CREATE DATABASE {name};
            CREATE OR REPLACE USER '{Account}'@'%' IDENTIFIED BY '{AccountPassword}';
            GRANT ALL ON *.* TO '{Account}'@'%';
            CREATE OR REPLACE USER '{Account}'@'localhost' IDENTIFIED BY '{AccountPassword}';
            GRANT ALL ON *.* TO '{Account}'@'localhost';
            """);
        await server.ExecuteAsync("""
            CREATE TABLE entries (id INT PRIMARY KEY AUTO_INCREMENT, text VARCHAR(100), made DATETIME DEFAULT '2024-01-01');
            INSERT INTO entries (text) SELECT CONCAT('entry ', seq, ' äß€') FROM seq_1_to_2000;
            CREATE VIEW texts AS SELECT text FROM entries;
            CREATE TRIGGER stamped BEFORE INSERT ON entries FOR EACH ROW SET NEW.made = '2024-02-02';
            CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2;
            """, name);
        return name;
    }

    private static string Url(MariaDbServer server, string database, string password = AccountPassword) => string.Create(
        CultureInfo.InvariantCulture, $"mysql://{Account}:{Uri.EscapeDataString(password)}@127.0.0.1:{server.Port}/{database}");

    private static async Task<string> DescribeAsync(MariaDbServer server, string database)
    {
        var dumped = (await ChildProcess.RunAsync(server.Dump("--routines", "--triggers", "--skip-dump-date", "--no-tablespaces", database))).Expect().Output;
        return dumped.Replace(database, "DATABASE", StringComparison.Ordinal);
    }
}
