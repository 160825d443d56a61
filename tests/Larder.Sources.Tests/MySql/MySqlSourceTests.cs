using System.Globalization;
using Larder.Sources.MySql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MySql;

[Trait("Kind", "server")]
public sealed class MySqlSourceTests(MariaDbFixture fixture) : IAsyncLifetime
{
    private const string Secret = "s3cr3t 'quoted\" \\ # ; and more";

    private MySqlSandbox sandbox = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = new MySqlSandbox(await fixture.GetAsync());

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(sandbox.FindLeftovers());
        await sandbox.DisposeAsync();
    }

    [Fact]
    public async Task The_stock_client_restores_every_feature_from_the_files_in_name_order()
    {
        var original = await sandbox.CreateAsync(EveryFeature.Sql);
        var before = await sandbox.DescribeAsync(original);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(original));
        Assert.Empty(stored.Outcome.Warnings);
        Assert.Equal("snapshot", stored.Description.Consistency);

        await sandbox.Server.ExecuteAsync($"DROP DATABASE `{original}`");
        await CatAsync(stored, "*/*.sql");
        Assert.Equal(before, await sandbox.DescribeAsync(original));
        using var again = await StoredSource.ReadAsync(sandbox.Source(original));
        Assert.Equal(Facts(stored), Facts(again));
    }

    [Fact]
    public async Task One_script_of_a_database_restores_every_feature_of_it()
    {
        var (original, other) = (await sandbox.CreateAsync(EveryFeature.Sql), await sandbox.CreateAsync("CREATE TABLE t(id INT);"));
        var before = await sandbox.DescribeAsync(original);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(original, other));
        var script = new MySqlScriptText();
        Assert.Equal(new[] { original, other }.Order(StringComparer.Ordinal), await script.ListAsync(stored, Cancellation));
        using var text = new MemoryStream();
        await script.WriteAsync(stored, original, text, _ => { }, Cancellation);

        await sandbox.Server.ExecuteAsync($"DROP DATABASE `{original}`");
        await RunAsync(text.ToArray(), "");

        Assert.Equal(before, await sandbox.DescribeAsync(original));
        using var again = await StoredSource.ReadAsync(sandbox.Source(original, other));
        Assert.Equal(Facts(stored), Facts(again));
    }

    [Fact]
    public async Task Every_file_can_be_run_on_its_own()
    {
        var original = await sandbox.CreateAsync(EveryFeature.Sql);
        var before = await sandbox.DescribeAsync(original);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(original));
        await sandbox.Server.ExecuteAsync($"DROP DATABASE `{original}`");
        foreach (var file in Directory.EnumerateFiles(stored.FullPath, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var isFirst = Path.GetFileName(file).StartsWith('1');
            await RunAsync(await File.ReadAllBytesAsync(file, Cancellation), isFirst ? "" : original);
        }
        Assert.Equal(before, await sandbox.DescribeAsync(original));
        using var again = await StoredSource.ReadAsync(sandbox.Source(original));
        Assert.Equal(Facts(stored), Facts(again));
    }

    [Fact]
    public async Task Stored_files_are_counted_again_as_they_were_dumped()
    {
        var original = await sandbox.CreateAsync(EveryFeature.Sql);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(original));
        var read = 0L;
        var found = await new MySqlCheck().ReadFactsAsync(stored, bytes => read += bytes, Cancellation);
        Assert.Equal(
            stored.Outcome.Entries.Select(facts => facts with { Duration = null }).OrderBy(facts => facts.File, StringComparer.Ordinal),
            found.OrderBy(facts => facts.File, StringComparer.Ordinal));
        Assert.Equal(stored.Files.Sum(file => file.Bytes), read);
    }

    [Fact]
    public async Task A_stored_file_that_was_cut_or_changed_is_found()
    {
        var original = await sandbox.CreateAsync("CREATE TABLE t(id INT, s TEXT); INSERT INTO t SELECT seq, REPEAT('x', 100) FROM seq_1_to_5000;");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(original));
        var file = Path.Combine(stored.FullPath, original, "3-rows-t.sql");
        var bytes = await File.ReadAllBytesAsync(file, Cancellation);
        foreach (var length in new[] { 0, 10, 700, bytes.Length / 2, bytes.Length - 30 })
        {
            await using (var cut = File.Create(file))
            {
                await cut.WriteAsync(bytes.AsMemory(0, length), Cancellation);
            }
            var error = await Assert.ThrowsAsync<SourceException>(() => new MySqlCheck().ReadFactsAsync(stored, _ => { }, Cancellation));
            Assert.Equal(SourceError.Damaged, error.Error);
            Assert.Contains("3-rows-t.sql", error.Message, StringComparison.Ordinal);
        }
        bytes[Array.IndexOf(bytes, (byte)'x') + 1] = (byte)'y';
        await using (var changed = File.Create(file))
        {
            await changed.WriteAsync(bytes, Cancellation);
        }
        var facts = await new MySqlCheck().ReadFactsAsync(stored, _ => { }, Cancellation);
        Assert.NotEqual(stored.Outcome.Entries.Single(item => item.Kind == "table").Fingerprint, facts.Single(item => item.Kind == "table").Fingerprint);
        Assert.Equal(5000, facts.Single(item => item.Kind == "table").Rows);
    }

    [Fact]
    public async Task Several_databases_come_in_folders_of_their_own()
    {
        var first = await sandbox.CreateAsync("CREATE TABLE t(id INT); INSERT INTO t VALUES (1);", "a");
        var second = await sandbox.CreateAsync($"CREATE TABLE t(id INT); CREATE VIEW v AS SELECT id FROM `{first}`.t;", "b");
        await sandbox.Server.ExecuteAsync($"CREATE VIEW w AS SELECT id FROM `{second}`.t", first);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(first, second));
        var before = (await sandbox.DescribeAsync(first), await sandbox.DescribeAsync(second));

        // Views of one database may need tables of the next: all definitions and rows first.
        await sandbox.Server.ExecuteAsync($"DROP DATABASE `{first}`; DROP DATABASE `{second}`");
        foreach (var phase in new[] { "1", "2", "3", "4" })
        {
            foreach (var name in new[] { first, second })
            {
                await CatAsync(stored, $"{name}/{phase}-*.sql", phase == "1" ? "" : name);
            }
        }
        Assert.Equal(before, (await sandbox.DescribeAsync(first), await sandbox.DescribeAsync(second)));
    }

    [Fact]
    public async Task What_is_excluded_is_left_out_and_said()
    {
        var name = await sandbox.CreateAsync(
            "CREATE TABLE keep(id INT); CREATE TABLE cache_a(id INT); CREATE TABLE cache_b(id INT); CREATE VIEW seen AS SELECT 1; "
            + "CREATE TRIGGER t BEFORE INSERT ON cache_a FOR EACH ROW SET NEW.id = 1;");
        using var stored = await StoredSource.ReadAsync(MySqlSandbox.Source(
            new MySqlSettings { Server = sandbox.Root, Databases = [name], Exclude = ["cache_*", $"{name}.seen"], Users = false }));
        Assert.Equal([$"{name}.keep"], stored.Outcome.Entries.Where(facts => facts.Kind == "table").Select(facts => facts.Name));
        Assert.Equal(3, stored.Outcome.NotCaptured.Count);
        var text = await File.ReadAllTextAsync(Path.Combine(stored.FullPath, name, "4-after.sql"), Cancellation);
        Assert.DoesNotContain("cache_a", text, StringComparison.Ordinal);
        Assert.DoesNotContain("seen", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_without_transactions_are_named()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE a(id INT) ENGINE=MyISAM; CREATE TABLE b(id INT) ENGINE=Aria; CREATE TABLE c(id INT);");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        Assert.Equal(
            [$"{name}/3-rows-a.sql", $"{name}/3-rows-b.sql"], stored.Outcome.NotCaptured.Select(note => note.Path));
        Assert.Contains("without transactions", stored.Description.Consistency, StringComparison.Ordinal);
        Assert.Empty(stored.Outcome.Warnings);
    }

    [Fact]
    public async Task The_rights_of_the_guide_are_enough_and_not_more()
    {
        var name = await sandbox.CreateAsync(EveryFeature.Sql);
        var account = await sandbox.CreateAccountAsync(Secret, await GuideStatements.ReadAsync("backup", name));
        using var stored = await StoredSource.ReadAsync(MySqlSandbox.Source(new MySqlSettings { Server = account, Databases = [name] }));
        Assert.Empty(stored.Outcome.Warnings);
        Assert.Empty(stored.Outcome.NotCaptured);
        using var asRoot = await StoredSource.ReadAsync(sandbox.Source(name));
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(asRoot.FullPath, name, "4-after.sql"), Cancellation),
            await File.ReadAllTextAsync(Path.Combine(stored.FullPath, name, "4-after.sql"), Cancellation));
        Assert.Equal(Facts(asRoot), Facts(stored));
        Assert.Contains($"CREATE USER IF NOT EXISTS `{account.User}`", await File.ReadAllTextAsync(
            Path.Combine(stored.FullPath, "users.sql"), Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rights_that_are_missing_are_named_because_the_server_is_silent()
    {
        var name = await sandbox.CreateAsync(
            "CREATE TABLE t(id INT); CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 1; CREATE PROCEDURE p() SELECT 1;");
        var account = await sandbox.CreateAccountAsync(Secret, $"GRANT SELECT, SHOW VIEW ON `{name}`.* TO @account");
        using var stored = await StoredSource.ReadAsync(MySqlSandbox.Source(new MySqlSettings { Server = account, Databases = [name] }));
        Assert.Equal(
            ["EVENT", "SELECT ON mysql.proc", "TRIGGER"],
            stored.Outcome.Warnings.Select(warning => warning.Reason.Split("lacks ")[1].Split($" on {name}")[0]).Order(StringComparer.Ordinal));
        Assert.Equal("users.sql", Assert.Single(stored.Outcome.NotCaptured).Path);
    }

    [Fact]
    public async Task A_row_longer_than_memory_should_hold_passes_in_parts()
    {
        var name = await sandbox.CreateAsync(
            "CREATE TABLE t(id INT PRIMARY KEY, b LONGBLOB, s LONGTEXT); INSERT INTO t VALUES (1, REPEAT('ab''\\\\', 5000000), REPEAT('q\\'', 4000000)), (2, 'x', 'y');");
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        var found = await new MySqlCheck().ReadFactsAsync(stored, _ => { }, Cancellation);
        Assert.Equal(2, found.Single(facts => facts.Kind == "table").Rows);
        Assert.Equal(
            stored.Outcome.Entries.Single(facts => facts.Kind == "table").Fingerprint, found.Single(facts => facts.Kind == "table").Fingerprint);
    }

    [Fact]
    public async Task A_row_more_at_the_beginning_leaves_later_borders_where_they_were()
    {
        var name = await sandbox.CreateAsync(
            "CREATE TABLE t(id INT PRIMARY KEY, s TEXT); INSERT INTO t SELECT seq, REPEAT(SHA2(seq, 256), 4) FROM seq_2_to_20000;");
        using var first = await StoredSource.ReadAsync(sandbox.Source(name));
        await sandbox.Server.ExecuteAsync("INSERT INTO t VALUES (1, 'new')", name);
        using var second = await StoredSource.ReadAsync(sandbox.Source(name));
        var (before, after) = (await LinesAsync(first, name), await LinesAsync(second, name));
        Assert.True(before.Count(line => line.StartsWith("INSERT", StringComparison.Ordinal)) > 5);
        Assert.InRange(after.Except(before).Count(), 1, 3);

        static async Task<string[]> LinesAsync(StoredSource stored, string name) =>
            await File.ReadAllLinesAsync(Path.Combine(stored.FullPath, name, "3-rows-t.sql"), Cancellation);
    }

    [Fact]
    public async Task Money_that_moves_while_the_dump_runs_is_neither_lost_nor_doubled()
    {
        var first = await sandbox.CreateAsync("CREATE TABLE account(id INT PRIMARY KEY, cents BIGINT, pad CHAR(200)); "
            + "INSERT INTO account SELECT seq, 1000, REPEAT('p', 200) FROM seq_1_to_5000;", "a");
        var second = await sandbox.CreateAsync("CREATE TABLE account(id INT PRIMARY KEY, cents BIGINT); "
            + "INSERT INTO account SELECT seq, 1000 FROM seq_1_to_5000;", "b");
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var moved = 0;
        var moving = Task.Run(async () =>
        {
            var random = new Random(7);
            while (!stopping.IsCancellationRequested)
            {
                await sandbox.Server.ExecuteAsync(string.Concat(Enumerable.Range(0, 200).Select(_ =>
                {
                    var (id, cents) = (random.Next(1, 5001), random.Next(1, 100));
                    return $"START TRANSACTION; UPDATE `{first}`.account SET cents = cents - {cents} WHERE id = {id}; "
                        + $"UPDATE `{second}`.account SET cents = cents + {cents} WHERE id = {id}; COMMIT;";
                })));
                Interlocked.Increment(ref moved);
            }
        }, Cancellation);

        for (var run = 0; run < 20; run++)
        {
            var before = Volatile.Read(ref moved);
            using var stored = await StoredSource.ReadAsync(sandbox.Source(first, second), async entry =>
            {
                // Between the two tables, money has moved for certain.
                if (entry.Path.ToString() == $"{second}/2-tables.sql" || entry.Path.ToString() == $"{first}/4-after.sql")
                {
                    var now = Volatile.Read(ref moved);
                    await Until(() => Volatile.Read(ref moved) > now);
                }
            });
            Assert.True(Volatile.Read(ref moved) > before);
            Assert.Equal(10_000_000, await SumAsync(stored, first) + await SumAsync(stored, second));
        }
        await stopping.CancelAsync();
        await moving;

        static async Task<long> SumAsync(StoredSource stored, string name)
        {
            var lines = await File.ReadAllLinesAsync(Path.Combine(stored.FullPath, name, "3-rows-account.sql"), Cancellation);
            return lines.Where(line => line.StartsWith('(')).Sum(line => long.Parse(line.Split(',')[1].Trim(')', ';'), CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task A_password_is_never_among_the_arguments()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(id INT, s TEXT); INSERT INTO t SELECT seq, REPEAT('x', 1000) FROM seq_1_to_20000;");
        var account = await sandbox.CreateAccountAsync(Secret, await GuideStatements.ReadAsync("backup", name));
        var source = MySqlSandbox.Source(new MySqlSettings { Server = account, Databases = [name], Users = false });
        await using var session = await source.OpenAsync(Cancellation);
        // The dump waits for its reader now, so it can be looked at.
        Assert.Single(RunningProcesses.FindByArgument(sandbox.Temporary.FullPath));
        Assert.Empty(RunningProcesses.FindByArgument(Secret));
        Assert.Empty(RunningProcesses.FindByArgument("s3cr3t"));
        Assert.Empty(sandbox.Temporary.Names); // And the file with it is gone already.
        Assert.DoesNotContain("s3cr3t", session.Description.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_killed_run_left_is_removed_by_the_next()
    {
        var name = await sandbox.CreateAsync("CREATE TABLE t(id INT);");
        await File.WriteAllTextAsync(sandbox.Temporary["larder-mysql-4194305-abc"], "password=x", Cancellation);
        using var stored = await StoredSource.ReadAsync(sandbox.Source(name));
        Assert.Empty(sandbox.Temporary.Names);
    }

    private Task CatAsync(StoredSource stored, string files, string database = "") => CatAsync(stored.FullPath, files, database);

    private async Task CatAsync(string folder, string files, string database)
    {
        var shell = await ChildProcess.RunAsync(
            new ChildCommand("/bin/sh", "-c", $"cat {files}") { WorkingFolder = folder }, Cancellation);
        await RunAsync(shell.Expect().OutputBytes, database);
    }

    private async Task RunAsync(ReadOnlyMemory<byte> script, string database) => (await ChildProcess.RunAsync(
        sandbox.Server.Client(database) with { StandardInput = async (input, token) => await input.WriteAsync(script, token) },
        Cancellation)).Expect();

    private static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancellation);
        }
    }

    private static IEnumerable<string> Facts(StoredSource stored) => stored.Outcome.Entries
        .Where(facts => facts.Kind == "table").Select(facts => $"{facts.Name} {facts.Fingerprint} {facts.Bytes}").Order(StringComparer.Ordinal);
}
