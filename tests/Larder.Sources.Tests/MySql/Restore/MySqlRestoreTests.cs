using Larder.Sources.Dumps;
using Larder.Sources.MySql;
using Larder.Sources.MySql.Restore;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MySql.Restore;

[Trait("Kind", "server")]
public sealed class MySqlRestoreTests(MariaDbFixture fixture) : IAsyncLifetime
{
    private MySqlSandbox sandbox = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = new MySqlSandbox(await fixture.GetAsync());

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(sandbox.FindLeftovers());
        Assert.Empty(await sandbox.FindKeptAsync());
        await sandbox.DisposeAsync();
    }

    [Fact]
    public async Task Everything_comes_back_under_another_name()
    {
        var original = await sandbox.CreateAsync(EveryFeature.Sql);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(original));
        var copy = sandbox.NewName();
        var outcome = await RestoreAsync(stored, new DumpRestoreRequest { DatabaseName = copy, Recorded = stored.Outcome.Entries });

        await AssertSameAsync(original, copy, stored);
        Assert.Equal(Tables(stored.Outcome.Entries), Tables(outcome.Entries));
        Assert.Empty(outcome.Warnings);
    }

    [Fact]
    public async Task Everything_comes_back_in_place_of_what_stands()
    {
        var original = await sandbox.CreateAsync(EveryFeature.Sql);
        var before = await sandbox.DescribeAsync(original);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(original));
        await sandbox.Server.ExecuteAsync(
            "SET foreign_key_checks=0; DROP VIEW aa_upon; DROP TABLE child; DELETE FROM bytes; CREATE TABLE extra(id INT); "
            + "CREATE TRIGGER on_extra BEFORE INSERT ON extra FOR EACH ROW SET NEW.id = 1; ALTER TABLE words DROP COLUMN body;",
            original);

        await RestoreAsync(stored, new DumpRestoreRequest { MayReplace = true, Recorded = stored.Outcome.Entries, Jobs = 3 });
        Assert.Equal(before, await sandbox.DescribeAsync(original));
        using var again = await StoredSource.ReadAsync(sandbox.Source(original));
        Assert.Equal(Tables(stored.Outcome.Entries), Tables(again.Outcome.Entries));
        Assert.Equal("7\tit's", await sandbox.Server.ExecuteAsync(
            "SELECT (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()) + 4, e FROM figures WHERE id = 1", original));
    }

    [Fact]
    public async Task One_table_comes_back_with_its_keys_and_triggers_and_the_others_stay()
    {
        var name = await sandbox.CreateAsync(EveryFeature.Sql);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        var before = await sandbox.DescribeAsync(name);
        await sandbox.Server.ExecuteAsync(
            "DELETE FROM computed; INSERT INTO words VALUES (99, 'stays'); SET foreign_key_checks=0; DELETE FROM child; DELETE FROM parent; "
            + "DROP TRIGGER after_parent_too; UPDATE numbered SET t = 'changed';",
            name);

        // Parent and child point at each other, so both or none.
        var restore = new MySqlRestore(sandbox.Root, TimeProvider.System);
        var alone = await restore.PlanAsync(
            stored, new DumpRestoreRequest { Entries = [$"{name}.parent"], MayReplace = true }, Cancellation);
        Assert.Contains("foreign key", Assert.Single(alone.Refusals), StringComparison.Ordinal);

        var outcome = await RestoreAsync(stored, new DumpRestoreRequest
        {
            Entries = [$"{name}.parent", $"{name}.child", $"{name}.computed", $"{name}.numbered"],
            MayReplace = true,
            Recorded = stored.Outcome.Entries,
        });
        Assert.Equal(4, outcome.Entries.Count);
        Assert.Equal(before, await sandbox.DescribeAsync(name));
        using var again = await StoredSource.ReadAsync(sandbox.Source(name));
        Assert.Equal(
            ["words"], Tables(stored.Outcome.Entries).Except(Tables(again.Outcome.Entries)).Select(line => line.Split(' ')[0]));
        Assert.Equal("1", await sandbox.Server.ExecuteAsync("SELECT COUNT(*) FROM words WHERE id = 99", name));
    }

    [Fact]
    public async Task Written_over_what_stands_there_it_is_the_same_with_nothing_beside()
    {
        var name = await sandbox.CreateAsync(EveryFeature.Sql);
        var before = await sandbox.DescribeAsync(name);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync(
            "SET foreign_key_checks=0; DROP VIEW aa_upon; DELETE FROM bytes; CREATE TABLE extra(id INT); CREATE SEQUENCE more; "
            + "CREATE TRIGGER on_extra BEFORE INSERT ON extra FOR EACH ROW SET NEW.id = 1; ALTER DATABASE CHARACTER SET latin2;",
            name);
        var request = new DumpRestoreRequest { MayReplace = true, Overwrites = true, ReadsBack = true, Recorded = stored.Outcome.Entries };
        Assert.Null((await new MySqlRestore(sandbox.Root, TimeProvider.System).PlanAsync(stored, request, Cancellation)).Exchange);
        await RestoreAsync(stored, request);
        Assert.Equal(before, await sandbox.DescribeAsync(name));
        Assert.Equal("utf8mb4", await sandbox.Server.ExecuteAsync("SELECT @@character_set_database", name));

        await sandbox.Server.ExecuteAsync("INSERT INTO words VALUES (99, 'stays'); SET foreign_key_checks=0; DELETE FROM parent;", name);
        await RestoreAsync(stored, request with { Entries = [$"{name}.parent"] });
        Assert.Equal(before, await sandbox.DescribeAsync(name));
        Assert.Equal("4\t1", await sandbox.Server.ExecuteAsync("SELECT (SELECT COUNT(*) FROM parent), COUNT(*) FROM words WHERE id = 99", name));

        await sandbox.Server.ExecuteAsync($"DROP DATABASE {name}");
        await RestoreAsync(stored, request);
        Assert.Equal(before, await sandbox.DescribeAsync(name));
    }

    [Fact]
    public async Task A_table_is_restored_under_another_name_beside_the_live_one()
    {
        var name = await sandbox.CreateAsync(EveryFeature.Sql);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("SET foreign_key_checks=0; DELETE FROM parent WHERE id <> 1", name);
        var request = new DumpRestoreRequest { Entries = [$"{name}.parent"], EntryName = "parent before", Recorded = stored.Outcome.Entries };
        await RestoreAsync(stored, request);
        Assert.Equal("4\t1\t0", await sandbox.Server.ExecuteAsync(
            "SELECT (SELECT COUNT(*) FROM `parent before`), (SELECT COUNT(*) FROM parent), "
            + "(SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_TABLE = 'parent before')", name));

        var restore = new MySqlRestore(sandbox.Root, TimeProvider.System);
        foreach (var (refused, why) in new[]
        {
            (request, "already"),
            (request with { EntryName = "child" }, "already"),
            (request with { EntryName = "new", Entries = [] }, "several"),
            (request with { EntryName = "" }, "characters"),
            (request with { EntryName = "new", Overwrites = true }, "--in-place"),
        })
        {
            var plan = await restore.PlanAsync(stored, refused, Cancellation);
            Assert.Contains(plan.Refusals, refusal => refusal.Contains(why, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_view_into_another_database_looks_at_its_own_tables_under_another_name_too()
    {
        var other = await sandbox.CreateAsync("CREATE TABLE o(id INT); INSERT INTO o VALUES (1);");
        var name = await sandbox.CreateAsync($"CREATE TABLE t(v INT); INSERT INTO t VALUES (1); CREATE VIEW w AS SELECT t.v FROM t JOIN {other}.o;");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        var copy = sandbox.NewName();
        await RestoreAsync(stored, new DumpRestoreRequest { DatabaseName = copy });
        await sandbox.Server.ExecuteAsync("UPDATE t SET v = 2", copy);
        Assert.Equal("2", await sandbox.Server.ExecuteAsync("SELECT v FROM w", copy));
    }

    [Fact]
    public async Task What_stands_is_not_replaced_without_leave()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(id INT PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u(id INT);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("INSERT INTO t VALUES (2)", name);
        var restore = new MySqlRestore(sandbox.Root, TimeProvider.System);
        foreach (var request in new[]
        {
            new DumpRestoreRequest(),
            new DumpRestoreRequest { Part = DumpPart.Schema },
            new DumpRestoreRequest { Entries = [$"{name}.t"] },
            new DumpRestoreRequest { Part = DumpPart.Data },
            new DumpRestoreRequest { Part = DumpPart.Data, DatabaseName = "nowhere", MayReplace = true },
            new DumpRestoreRequest { WithUsers = true, MayReplace = true },
        })
        {
            var plan = await restore.PlanAsync(stored, request, Cancellation);
            Assert.NotEmpty(plan.Refusals);
            Assert.All(plan.Refusals, refusal => Assert.EndsWith(".", refusal, StringComparison.Ordinal));
            await Assert.ThrowsAsync<SourceException>(() => restore.RestoreAsync(stored, plan, _ => { }, Cancellation));
        }
        Assert.Equal("2", await sandbox.Server.ExecuteAsync("SELECT COUNT(*) FROM t", name));
        var unknown = await Assert.ThrowsAsync<SourceException>(() => restore.PlanAsync(
            stored, new DumpRestoreRequest { Entries = [$"{name}.none"] }, Cancellation));
        Assert.Equal(SourceError.NotFound, unknown.Error);
    }

    [Fact]
    public async Task A_definition_without_rows_and_then_the_rows_make_the_whole()
    {
        var original = await sandbox.CreateAsync(
            "CREATE TABLE p(id INT PRIMARY KEY, v INT AS (id + 1) STORED); CREATE TABLE c(id INT, FOREIGN KEY (id) REFERENCES p(id)); "
            + "INSERT INTO p(id) VALUES (1), (2); INSERT INTO c VALUES (1), (2), (2); CREATE VIEW w AS SELECT id FROM c;");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(original));
        var copy = sandbox.NewName();
        await RestoreAsync(stored, new DumpRestoreRequest { DatabaseName = copy, Part = DumpPart.Schema, Recorded = stored.Outcome.Entries });
        Assert.Equal(await sandbox.DescribeAsync(original), await sandbox.DescribeAsync(copy));
        Assert.Equal("0\t0", await sandbox.Server.ExecuteAsync("SELECT (SELECT COUNT(*) FROM p), (SELECT COUNT(*) FROM c)", copy));

        await RestoreAsync(stored, new DumpRestoreRequest { DatabaseName = copy, Part = DumpPart.Data, Recorded = stored.Outcome.Entries });
        await AssertSameAsync(original, copy, stored);
        await sandbox.Server.ExecuteAsync("INSERT INTO c VALUES (1)", copy);
        await RestoreAsync(
            stored, new DumpRestoreRequest { DatabaseName = copy, Part = DumpPart.Data, MayReplace = true, Recorded = stored.Outcome.Entries });
        await AssertSameAsync(original, copy, stored);
    }

    [Theory]
    [InlineData(DumpPart.All)]
    [InlineData(DumpPart.Data)]
    public async Task Rows_that_are_not_as_recorded_leave_the_old_ones(DumpPart part)
    {
        var name = await sandbox.CreateAsync("CREATE TABLE a(id INT PRIMARY KEY); CREATE TABLE t(id INT); INSERT INTO t VALUES (1), (2);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("INSERT INTO t VALUES (3); INSERT INTO a VALUES (9);", name);
        var recorded = stored.Outcome.Entries
            .Select(facts => facts.Name == $"{name}.t" ? facts with { Fingerprint = new Fingerprint(2, 17) } : facts).ToList();
        var error = await Assert.ThrowsAsync<SourceException>(() => RestoreAsync(
            stored, new DumpRestoreRequest { MayReplace = true, Part = part, Recorded = recorded }));
        Assert.Equal(SourceError.Mismatch, error.Error);
        Assert.Equal("3\t1", await sandbox.Server.ExecuteAsync("SELECT (SELECT COUNT(*) FROM t), (SELECT COUNT(*) FROM a)", name));
    }

    [Theory]
    [InlineData("CREATE VIEW broken AS SELECT nothing FROM t")] // Fails in the rehearsal.
    [InlineData("CREATE EVENT broken ON SCHEDULE EVERY 1 NOTHING DO SELECT 1")] // Events are not rehearsed: fails after the swap.
    public async Task Whatever_fails_when_the_rest_is_made_what_stood_stands(string broken)
    {
        var name = await sandbox.CreateAsync(EveryFeature.Sql);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync(
            "DROP VIEW with_function; ALTER DATABASE CHARACTER SET latin2; CREATE TABLE newer(id INT); INSERT INTO newer VALUES (1);", name);
        var before = await sandbox.DescribeAsync(name);
        using var standing = await StoredSource.ReadAsync(sandbox.Source(name));
        var file = Path.Combine(stored.FullPath, name, "4-after.sql");
        var text = await File.ReadAllTextAsync(file, Cancellation);
        await File.WriteAllTextAsync(file, text.Replace("-- Dump completed\n", $"{broken};\n-- Dump completed\n", StringComparison.Ordinal), Cancellation);

        await Assert.ThrowsAsync<SourceException>(() => RestoreAsync(stored, new DumpRestoreRequest { MayReplace = true }));
        Assert.Equal(before, await sandbox.DescribeAsync(name));
        using var again = await StoredSource.ReadAsync(sandbox.Source(name));
        Assert.Equal(Tables(standing.Outcome.Entries), Tables(again.Outcome.Entries));
    }

    [Fact]
    public async Task A_failure_where_nothing_stood_leaves_nothing()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(id INT); CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1;");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        var file = Path.Combine(stored.FullPath, name, "4-after.sql");
        await File.WriteAllTextAsync(
            file, (await File.ReadAllTextAsync(file, Cancellation)).Replace("EVERY 1 DAY", "EVERY 1 NIGHT", StringComparison.Ordinal), Cancellation);
        var copy = sandbox.NewName();
        await Assert.ThrowsAsync<SourceException>(() => RestoreAsync(stored, new DumpRestoreRequest { DatabaseName = copy }));
        Assert.Equal("", await sandbox.Server.ExecuteAsync($"SHOW DATABASES LIKE '{copy}'"));
    }

    [Fact]
    public async Task A_restore_that_is_cancelled_leaves_what_stood()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(id INT PRIMARY KEY, s TEXT); INSERT INTO t SELECT seq, REPEAT('x', 500) FROM seq_1_to_20000;");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("DELETE FROM t WHERE id > 5", name);
        var restore = new MySqlRestore(sandbox.Root, TimeProvider.System);
        var plan = await restore.PlanAsync(stored, new DumpRestoreRequest { MayReplace = true }, Cancellation);
        using var cancelling = new CancellationTokenSource();
        var handed = 0L;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restore.RestoreAsync(
            stored,
            plan,
            bytes =>
            {
                handed += bytes;
                if (handed > plan.Bytes / 2)
                {
                    cancelling.Cancel();
                }
            },
            cancelling.Token));
        await restore.ExchangeFor(plan.Exchange!).ForgetAsync(Cancellation);
        Assert.Equal("5", await sandbox.Server.ExecuteAsync("SELECT COUNT(*) FROM t", name));
    }

    [Fact]
    public async Task Databases_that_look_into_each_other_come_back_where_nothing_and_where_something_else_stands()
    {
        var (first, last) = await CreateEntangledAsync();
        var before = await DescribeAsync(first, last);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(first, last));
        var request = new DumpRestoreRequest { MayReplace = true, Recorded = stored.Outcome.Entries, Jobs = 2 };

        await sandbox.Server.ExecuteAsync($"DROP DATABASE {first}; DROP DATABASE {last};");
        await RestoreAsync(stored, request);
        await AssertEntangledAsync();

        // What the view of the first needs is not in the last as it stands.
        await sandbox.Server.ExecuteAsync(
            $"DROP VIEW {first}.both_sides, {last}.seen, {last}.seen_again; DROP FUNCTION {last}.doubled; "
            + $"ALTER TABLE {last}.t DROP COLUMN v; DELETE FROM {first}.t;");
        await RestoreAsync(stored, request);
        await AssertEntangledAsync();

        async Task AssertEntangledAsync()
        {
            Assert.Equal(before, await DescribeAsync(first, last));
            Assert.Equal("1\t14\t7", await sandbox.Server.ExecuteAsync("SELECT * FROM both_sides", first));
            Assert.Equal("1", await sandbox.Server.ExecuteAsync("SELECT id FROM seen_again", last));
        }
    }

    [Fact]
    public async Task Databases_that_look_into_each_other_all_stay_where_one_of_them_fails()
    {
        var (first, last) = await CreateEntangledAsync();
        using var stored = await StoredSource.ReadAsync(sandbox.Source(first, last));
        await sandbox.Server.ExecuteAsync(
            $"CREATE TABLE {first}.newer(id INT); UPDATE {last}.t SET v = 70; ALTER DATABASE {first} CHARACTER SET latin2;");
        var before = await DescribeAsync(first, last);
        var file = Path.Combine(stored.FullPath, last, "4-after.sql");
        var text = await File.ReadAllTextAsync(file, Cancellation);
        await File.WriteAllTextAsync(
            file,
            text.Replace("-- Dump completed\n", $"CREATE DEFINER=root@localhost VIEW broken AS SELECT nothing FROM `{first}`.`t`;\n-- Dump completed\n",
                StringComparison.Ordinal),
            Cancellation);

        var error = await Assert.ThrowsAsync<SourceException>(() => RestoreAsync(stored, new DumpRestoreRequest { MayReplace = true }));
        Assert.Contains("nothing", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await DescribeAsync(first, last));
        Assert.Equal("1\t140\t70", await sandbox.Server.ExecuteAsync("SELECT * FROM both_sides", first));

        await sandbox.Server.ExecuteAsync($"DROP DATABASE {first}; DROP DATABASE {last};");
        await Assert.ThrowsAsync<SourceException>(() => RestoreAsync(stored, new DumpRestoreRequest()));
        Assert.Equal("", await sandbox.Server.ExecuteAsync($"SHOW DATABASES WHERE `Database` IN ('{first}', '{last}')"));
    }

    private async Task<string> DescribeAsync(string first, string last) =>
        await sandbox.DescribeAsync(first) + await sandbox.DescribeAsync(last);

    /// <summary>Views of each that need tables, views and functions of the other.</summary>
    private async Task<(string First, string Last)> CreateEntangledAsync()
    {
        var (first, last) = (sandbox.NewName("a"), sandbox.NewName("z"));
        await sandbox.Server.ExecuteAsync($"""
            CREATE DATABASE {first};
            CREATE DATABASE {last};
            CREATE TABLE {first}.t(id INT PRIMARY KEY);
            CREATE TABLE {last}.t(id INT PRIMARY KEY, v INT);
            INSERT INTO {first}.t VALUES (1);
            INSERT INTO {last}.t VALUES (1, 7);
            CREATE FUNCTION {last}.doubled(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n;
            CREATE PROCEDURE {first}.look() SELECT * FROM {last}.seen;
            CREATE VIEW {last}.seen AS SELECT id, v FROM {last}.t;
            CREATE VIEW {first}.both_sides AS
                SELECT {first}.t.id, {last}.doubled(seen.v) AS w, seen.v FROM {first}.t JOIN {last}.seen ON seen.id = {first}.t.id;
            CREATE VIEW {last}.seen_again AS SELECT id FROM {first}.both_sides;
            CREATE TRIGGER {first}.told AFTER INSERT ON {first}.t FOR EACH ROW INSERT INTO {last}.t VALUES (NEW.id, 0);
            """);
        return (first, last);
    }

    [Fact]
    public async Task The_rights_of_the_guide_are_enough_to_restore()
    {
        var name = await sandbox.CreateAsync(EveryFeature.Sql);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        var before = await sandbox.DescribeAsync(name);
        var account = await sandbox.CreateAccountAsync("pw", await GuideStatements.ReadAsync("restore", name));
        await RestoreAsync(stored, new DumpRestoreRequest { MayReplace = true, Recorded = stored.Outcome.Entries }, account);
        Assert.Equal(before, await sandbox.DescribeAsync(name));
    }

    [Fact]
    public async Task Accounts_go_to_another_server_and_missing_ones_are_named()
    {
        await using var other = await MariaDbServer.StartAsync(cancellationToken: Cancellation);
        var name = await sandbox.CreateAsync("CREATE TABLE t(id INT); INSERT INTO t VALUES (1);");
        var account = await sandbox.CreateAccountAsync("pa'ss", $"GRANT SELECT ON `{name}`.* TO @account");
        await sandbox.Server.ExecuteAsync($"CREATE DEFINER='{account.User}'@'%' VIEW v AS SELECT id FROM t", name);
        using var stored = await StoredSource.ReadAsync(MySqlSandbox.Source(new MySqlSettings { Server = sandbox.Root, Databases = [name] }));
        var there = sandbox.Root with { Port = other.Port };

        var without = await RestoreAsync(stored, new DumpRestoreRequest(), there);
        Assert.Contains($"{account.User}@%", Assert.Single(without.Warnings).Reason, StringComparison.Ordinal);
        var with = await RestoreAsync(stored, new DumpRestoreRequest { WithUsers = true, MayReplace = true }, there);
        Assert.Empty(with.Warnings);
        await other.ExecuteAsync("SELECT 1");
        var probe = await MySqlSandbox.Source(new MySqlSettings { Server = account with { Port = other.Port }, Databases = [name] })
            .ProbeAsync(Cancellation);
        Assert.StartsWith("10.11", probe.EngineVersion, StringComparison.Ordinal);
        Assert.Equal("1", await other.ExecuteAsync("SELECT id FROM v", name));
    }

    private async Task<DumpRestoreOutcome> RestoreAsync(StoredSource stored, DumpRestoreRequest request, MySqlServer? server = null)
    {
        var restore = new MySqlRestore(server ?? sandbox.Root, TimeProvider.System);
        var plan = await restore.PlanAsync(stored, request, Cancellation);
        Assert.Empty(plan.Refusals);
        DumpRestoreOutcome outcome;
        try
        {
            outcome = await restore.RestoreAsync(stored, plan, _ => { }, Cancellation);
            await (plan.Exchange is { } record ? restore.ExchangeFor(record).ExchangeAsync(Cancellation) : Task.CompletedTask);
        }
        finally
        {
            await (plan.Exchange is { } begun ? restore.ExchangeFor(begun).ForgetAsync(Cancellation) : Task.CompletedTask);
        }
        return outcome;
    }

    private async Task AssertSameAsync(string original, string copy, StoredSource stored)
    {
        Assert.Equal(
            await sandbox.DescribeAsync(original),
            (await sandbox.DescribeAsync(copy)).Replace($"`{copy}`", $"`{original}`", StringComparison.Ordinal));
        using var again = await StoredSource.ReadAsync(sandbox.Source(copy));
        Assert.Equal(Tables(stored.Outcome.Entries), Tables(again.Outcome.Entries));
    }

    /// <summary>Each table, whatever its database, with the fingerprint of its rows.</summary>
    private static IEnumerable<string> Tables(IEnumerable<EntryFacts> entries) => entries
        .Where(facts => facts.Kind == "table")
        .Select(facts => $"{facts.Name[(facts.Name.IndexOf('.', StringComparison.Ordinal) + 1)..]} {facts.Fingerprint}")
        .Order(StringComparer.Ordinal);
}
