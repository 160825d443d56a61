using System.Text.Json;
using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;
using Larder.Sources.MySql;
using Larder.Sources.MySql.Restore;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MySql.Restore;

/// <summary>What the contract of exchanges does not ask: everything at once, readers meanwhile, what somebody changes by hand.</summary>
[Trait("Kind", "server")]
public sealed class MySqlExchangeTests(MariaDbFixture fixture) : IAsyncLifetime
{
    private readonly List<ExchangeRecord> begun = [];
    private MySqlSandbox sandbox = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private MySqlRestore Restore => new(sandbox.Root, TimeProvider.System);

    public async ValueTask InitializeAsync() => sandbox = new MySqlSandbox(await fixture.GetAsync());

    public async ValueTask DisposeAsync()
    {
        foreach (var record in begun)
        {
            await sandbox.Server.ExecuteAsync(string.Concat(ExchangePlace.Of(record)
                .SelectMany(place => new[] { place.Beside, place.Old, KeptNames.Mark(place.Beside) })
                .Select(name => $"DROP DATABASE IF EXISTS `{name}`;")));
        }
        Assert.Empty(sandbox.FindLeftovers());
        await sandbox.DisposeAsync();
    }

    [Fact]
    public async Task Everything_that_a_database_can_hold_goes_there_and_back_however_often_it_is_killed()
    {
        var name = await sandbox.CreateAsync(EveryFeature.Sql);
        var after = await LiveAsync(name);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync(
            "SET foreign_key_checks=0; DROP VIEW aa_upon; DROP TABLE child; DELETE FROM bytes; CREATE TABLE extra(id INT); "
            + "CREATE TRIGGER on_extra BEFORE INSERT ON extra FOR EACH ROW SET NEW.id = 1; ALTER TABLE words DROP COLUMN body; "
            + "DROP EVENT tidy; ALTER DATABASE CHARACTER SET latin2; DROP FUNCTION twice; DROP VIEW with_function;",
            name);
        var before = await LiveAsync(name);
        var record = await StageAsync(stored, new DumpRestoreRequest { MayReplace = true, Recorded = stored.Outcome.Entries });
        Assert.Equal(before, await LiveAsync(name));

        await SeededRandom.RunManyAsync(4, async random =>
        {
            var left = random.Next(1, 60);
            try
            {
                await RunAsync(Open(record, _ => Kill(ref left)), forward: random.Next(2) == 0);
            }
            catch (KilledException)
            {
                // Another process goes on or back.
            }
            var forward = random.Next(2) == 0;
            await RunAsync(Open(record), forward);
            Assert.Equal(forward ? after : before, await LiveAsync(name));
        });
        await Open(record).UndoAsync(Cancellation);
        await Open(record).ForgetAsync(Cancellation);
        Assert.Equal(before, await LiveAsync(name));
    }

    [Fact]
    public async Task The_plan_says_what_changes_at_one_moment_and_what_does_not()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(id INT PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t;");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        var plan = await Restore.PlanAsync(stored, new DumpRestoreRequest { MayReplace = true, Token = "0badcafe" }, Cancellation);
        Assert.Equal(
            new ExchangePart { Kind = "database", Live = name, Beside = $"{name}_larder_0badcafe", Old = $"{name}_larder_0badcafe_old" },
            Assert.Single(plan.Exchange!.Parts));
        Assert.False(plan.Exchange.IsAtomic);
        Assert.Contains(plan.Steps, step => step.Contains("readers find no views", StringComparison.Ordinal));

        var table = await Restore.PlanAsync(
            stored, new DumpRestoreRequest { MayReplace = true, Token = "0badcafe", Entries = [$"{name}.t"] }, Cancellation);
        Assert.True(table.Exchange!.IsAtomic);
        Assert.Equal($"{name}_larder_0badcafe_old.t", Assert.Single(table.Exchange.Parts).Old);
    }

    [Fact]
    public async Task A_reader_of_plain_tables_sees_all_old_or_all_new_ones()
    {
        const string tables = "CREATE TABLE a(v INT); CREATE TABLE b(v INT);";
        var name = await sandbox.CreateAsync(tables + "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("UPDATE a SET v = 2; UPDATE b SET v = 2;", name);
        var record = await StageAsync(stored, new DumpRestoreRequest { MayReplace = true });
        using var done = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            var seen = new HashSet<string>();
            while (!done.IsCancellationRequested)
            {
                seen.Add(await sandbox.Server.ExecuteAsync("SELECT (SELECT v FROM a), (SELECT v FROM b)", name, Cancellation));
            }
            return seen;
        });
        for (var round = 0; round < 3; round++)
        {
            await Open(record).ExchangeAsync(Cancellation);
            await Open(record).UndoAsync(Cancellation);
        }
        await done.CancelAsync();
        Assert.Subset(new HashSet<string> { "1\t1", "2\t2" }, await reading);
        await Open(record).ForgetAsync(Cancellation);
    }

    [Fact]
    public async Task A_database_with_a_view_whose_table_is_gone_is_backed_up_in_part_and_restored_and_comes_back()
    {
        var name = await sandbox.CreateAsync(
            "CREATE TABLE gone(id INT, x INT); CREATE TABLE stays(id INT); INSERT INTO gone VALUES (1, 2); INSERT INTO stays VALUES (3); "
            + "CREATE VIEW looks AS SELECT gone.id, stays.id AS other FROM gone JOIN stays; CREATE VIEW upon AS SELECT id FROM looks;");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("DROP TABLE gone; CREATE VIEW fine AS SELECT id FROM stays;", name);
        const string standing = "SELECT GROUP_CONCAT(TABLE_NAME ORDER BY 1) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";

        using var safety = await StoredSource.ReadAsync(sandbox.Source(name));
        Assert.Equal(2, safety.Outcome.Warnings.Count(warning => warning.Reason.Contains("is not held", StringComparison.Ordinal)));
        Assert.Single(safety.Outcome.Entries, entry => entry.Kind == "table");

        var record = await StageAsync(stored, new DumpRestoreRequest { MayReplace = true, Recorded = stored.Outcome.Entries });
        await Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("gone,looks,stays,upon", await sandbox.Server.ExecuteAsync(standing, name));
        Assert.Equal("1\t3", await sandbox.Server.ExecuteAsync("SELECT * FROM looks", name));

        await Open(record).UndoAsync(Cancellation);
        Assert.Equal("fine,looks,stays,upon", await sandbox.Server.ExecuteAsync(standing, name));
        await Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("1", await sandbox.Server.ExecuteAsync("SELECT id FROM upon", name));
        await Open(record).ForgetAsync(Cancellation);
    }

    [Fact]
    public async Task What_stands_there_against_the_plan_is_not_exchanged()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(v INT); INSERT INTO t VALUES (1);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync($"DROP DATABASE {name}");
        var plan = await Restore.PlanAsync(stored, new DumpRestoreRequest(), Cancellation);
        var record = await StageAsync(stored, new DumpRestoreRequest());
        await sandbox.Server.ExecuteAsync($"CREATE DATABASE {name}; CREATE TABLE {name}.mine(v INT);");

        var error = await Assert.ThrowsAsync<SourceException>(() => Open(record).ExchangeAsync(Cancellation));
        Assert.Equal(SourceError.TargetExists, error.Error);
        var late = await Assert.ThrowsAsync<SourceException>(() => Restore.RestoreAsync(stored, plan, _ => { }, Cancellation));
        Assert.Equal(SourceError.TargetExists, late.Error);
        Assert.Equal("mine", await sandbox.Server.ExecuteAsync("SHOW TABLES", name));
        await Open(record).ForgetAsync(Cancellation);
        Assert.Equal("mine", await sandbox.Server.ExecuteAsync("SHOW TABLES", name));
    }

    [Fact]
    public async Task Who_waits_for_a_table_in_the_name_of_a_killed_process_is_ended_first()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(v INT); INSERT INTO t VALUES (1);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("UPDATE t SET v = 2", name);
        var record = await StageAsync(stored, new DumpRestoreRequest { MayReplace = true });
        var connection = await RestoreConnection.OpenAsync(sandbox.Root, TimeProvider.System, Cancellation);
        await using var orphan = await ServerSession.OpenAsync(connection, record.Parts[0].Beside, afterCall: null, Cancellation);
        var waiting = orphan.QueryAsync("SELECT SLEEP(600);", Cancellation);

        await Open(record).ExchangeAsync(Cancellation);
        await Assert.ThrowsAsync<SourceException>(() => waiting);
        Assert.Equal("1", await sandbox.Server.ExecuteAsync("SELECT v FROM t", name));
        await Open(record).ForgetAsync(Cancellation);
    }

    [Fact]
    public async Task A_statement_of_which_only_a_part_arrived_is_not_run()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(v INT); CREATE TABLE u(v INT);");
        var connection = await RestoreConnection.OpenAsync(sandbox.Root, TimeProvider.System, Cancellation);
        // The client runs what it has when its input ends: this is why our own statements look as they do.
        await connection.Client.ExecuteAsync("RENAME TABLE t TO t2", name, Cancellation);
        await Assert.ThrowsAsync<SourceException>(() => connection.Client.ExecuteAsync("/*! RENAME TABLE u TO u2", name, Cancellation));
        Assert.Equal("t2\nu", await sandbox.Server.ExecuteAsync("SHOW TABLES", name));
    }

    [Fact]
    public async Task What_cannot_be_renamed_leaves_all_as_it_was()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(v INT); INSERT INTO t VALUES (1);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("UPDATE t SET v = 2; CREATE TRIGGER marks BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 9;", name);
        var record = await StageAsync(stored, new DumpRestoreRequest { MayReplace = true });
        await sandbox.Server.ExecuteAsync($"DROP TABLE `{record.Parts[0].Beside}`.t; CREATE VIEW `{record.Parts[0].Beside}`.t AS SELECT 1 AS v");
        var exchange = Open(record, call =>
        {
            if (call.StartsWith("DROP TRIGGER", StringComparison.Ordinal))
            {
                // Now the statement that renames all tables cannot be done.
                sandbox.Server.ExecuteAsync($"CREATE TABLE `{record.Parts[0].Old}`.t(v INT)").GetAwaiter().GetResult();
            }
        });
        var error = await Assert.ThrowsAsync<SourceException>(() => exchange.ExchangeAsync(Cancellation));
        Assert.Equal(SourceError.TargetExists, error.Error);
        Assert.Equal(ExchangeState.Beside, await Open(record).LookAsync(Cancellation));
        await sandbox.Server.ExecuteAsync("INSERT INTO t VALUES (1)", name);
        Assert.Equal("2\n9", await sandbox.Server.ExecuteAsync("SELECT v FROM t ORDER BY v", name));
    }

    [Fact]
    public async Task The_only_copy_is_never_forgotten()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(v INT); INSERT INTO t VALUES (1);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("UPDATE t SET v = 2", name);
        var record = await StageAsync(stored, new DumpRestoreRequest { MayReplace = true, Entries = [$"{name}.t"] });
        await Open(record).ExchangeAsync(Cancellation);
        await sandbox.Server.ExecuteAsync("DROP TABLE t", name);
        var error = await Assert.ThrowsAsync<SourceException>(() => Open(record).ForgetAsync(Cancellation));
        Assert.Contains("is not removed", error.Message, StringComparison.Ordinal);
        await Open(record).UndoAsync(Cancellation);
        Assert.Equal("2", await sandbox.Server.ExecuteAsync("SELECT v FROM t", name));
        await Open(record).ForgetAsync(Cancellation);
    }

    [Fact]
    public async Task What_was_made_since_the_exchange_is_kept_beside_when_it_is_undone()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(v INT); INSERT INTO t VALUES (1);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("UPDATE t SET v = 2", name);
        var record = await StageAsync(stored, new DumpRestoreRequest { MayReplace = true });
        await Open(record).ExchangeAsync(Cancellation);
        await sandbox.Server.ExecuteAsync("CREATE TABLE since(v INT); CREATE VIEW seen AS SELECT v FROM since; INSERT INTO since VALUES (7);", name);
        await Open(record).UndoAsync(Cancellation);
        Assert.Equal("t", await sandbox.Server.ExecuteAsync("SHOW TABLES", name));
        await Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("7\t1", await sandbox.Server.ExecuteAsync("SELECT seen.v, t.v FROM seen, t", name));
        await Open(record).ForgetAsync(Cancellation);
    }

    [Fact]
    public async Task A_backup_of_all_databases_leaves_out_what_a_restore_keeps()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(v INT);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        var record = await StageAsync(stored, new DumpRestoreRequest { MayReplace = true });
        await Open(record).ExchangeAsync(Cancellation);
        // All that other tests make meanwhile is excluded by its name.
        var settings = new MySqlSettings { Server = sandbox.Root, Users = false, Exclude = ["a_*", "z_*", "s_*", "ex*", .. await OthersAsync(name)] };
        using var all = await StoredSource.ReadAsync(MySqlSandbox.Source(settings));
        Assert.Equal([$"{name}.t"], all.Outcome.Entries.Where(entry => entry.Kind == "table").Select(entry => entry.Name));
        Assert.Contains(all.Outcome.NotCaptured, one => one.Reason.Contains($"{name}_larder_", StringComparison.Ordinal));
        await Open(record).ForgetAsync(Cancellation);
    }

    private async Task<IEnumerable<string>> OthersAsync(string name) => (await sandbox.Server.ExecuteAsync(
        $"SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT LIKE '{name}%'")).Split('\n');

    private async Task<ExchangeRecord> StageAsync(StoredSource stored, DumpRestoreRequest request)
    {
        var plan = await Restore.PlanAsync(stored, request, Cancellation);
        Assert.Empty(plan.Refusals);
        begun.Add(plan.Exchange!);
        await Restore.RestoreAsync(stored, plan, _ => { }, Cancellation);
        return plan.Exchange!;
    }

    private MySqlExchange Open(ExchangeRecord record, Action<string>? afterCall = null) =>
        new(sandbox.Root, JsonSerializer.Deserialize<ExchangeRecord>(JsonSerializer.Serialize(record))!, TimeProvider.System, afterCall);

    private static Task RunAsync(MySqlExchange exchange, bool forward) =>
        forward ? exchange.ExchangeAsync(Cancellation) : exchange.UndoAsync(Cancellation);

    private static void Kill(ref int left)
    {
        if (--left == 0)
        {
            throw new KilledException();
        }
    }

    /// <summary>All that the database is, and the rows of its tables.</summary>
    private async Task<string> LiveAsync(string name)
    {
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        var rows = stored.Outcome.Entries.Where(facts => facts.Kind == "table").Select(facts => $"{facts.Name} {facts.Fingerprint}");
        return await sandbox.DescribeAsync(name) + string.Join('\n', rows)
            + await sandbox.Server.ExecuteAsync($"SHOW CREATE DATABASE {name}");
    }
}
