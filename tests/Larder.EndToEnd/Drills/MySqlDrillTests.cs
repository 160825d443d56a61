using Larder.EndToEnd.Servers;
using Larder.Testing;

namespace Larder.EndToEnd.Drills;

[Trait("Kind", "server")]
public sealed class MySqlDrillTests(DatabaseServers servers)
{
    private const string Content = """
        CREATE TABLE goods (id INT PRIMARY KEY, name VARCHAR(40), price DECIMAL(10, 2)) ENGINE=InnoDB;
        INSERT INTO goods SELECT seq, CONCAT('good ', seq), seq * 1.5 FROM seq_1_to_2000;
        CREATE TABLE empty_one (id INT PRIMARY KEY);
        CREATE VIEW cheap AS SELECT * FROM goods WHERE price < 10;
        CREATE EVENT hungry ON SCHEDULE EVERY 1 SECOND STARTS '2020-01-01 00:00:00' DO DELETE FROM goods;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_good_backup_passes_and_its_events_do_not_run()
    {
        await using var desk = await CreateAsync(
            ", assert: [{ source: db, sql: \"select count(*) = 2000 from goods\" }, { source: db, sql: \"select count(*) from cheap\" }]");

        var said = await desk.DrillAsync(0);

        Assert.Equal(2000, DrillDesk.Entry(said, ".goods").GetProperty("rows").GetInt64());
        Assert.Equal(0, DrillDesk.Entry(said, ".empty_one").GetProperty("rows").GetInt64());
        Assert.All(said.GetProperty("assertions").EnumerateArray(), assertion => Assert.True(assertion.GetProperty("passed").GetBoolean(), assertion.GetRawText()));
    }

    [Fact]
    public async Task A_backup_that_restores_to_other_content_fails_and_names_the_table_and_so_does_an_assertion()
    {
        await using var desk = await CreateAsync(", assert: [{ source: db, sql: \"select null\" }]");

        var said = await desk.DrillAsync(5, await desk.PlantAsync(manifest => manifest.WithOtherContent(".goods")));

        Assert.Contains("goods\" has other content", DrillDesk.Error(said), StringComparison.Ordinal);
        Assert.Contains("it answered NULL", said.GetProperty("assertions")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drill_that_is_killed_leaves_no_process_and_no_folder()
    {
        await using var desk = await CreateAsync(", assert: [{ source: db, shell: \"touch $MARK; sleep 600\" }]");
        desk.Larder.Environment["MARK"] = desk["asked"];
        foreach (var moment in new Func<bool>[] { () => desk.Leftovers.Folders.Count > 0, () => File.Exists(desk["asked"]) })
        {
            await using var drill = desk.Larder.Start("drill");
            await Leftovers.UntilAsync(() => moment() || drill.Completion.IsCompleted, () => "The moment did not come.");
            drill.Kill();
            Assert.Equal(ChildResult.KilledStatus, (await drill.Completion).ExitStatus);
            await desk.Leftovers.AssertNoneAsync();
        }
    }

    [Fact]
    public async Task A_scratch_server_keeps_nothing_of_a_drill()
    {
        var server = await servers.MariaDbAsync();
        await using var desk = await CreateAsync($", servers: {{ db: \"mysql://root@127.0.0.1:{server.Port}/\" }}, assert: [{{ source: db, sql: \"select count(*) from goods\" }}]");

        var said = await desk.DrillAsync(0);

        Assert.Equal(2000, DrillDesk.Entry(said, ".goods").GetProperty("rows").GetInt64());
        Assert.DoesNotContain("larder_drill", await server.ExecuteAsync("SHOW DATABASES", "", Token), StringComparison.Ordinal);
    }

    private async Task<DrillDesk> CreateAsync(string drill)
    {
        var server = await servers.MariaDbAsync();
        var name = servers.NameDatabase("drilled");
        await server.ExecuteAsync($"CREATE DATABASE {name}", "", Token);
        await server.ExecuteAsync(Content, name, Token);
        return await DrillDesk.CreateAsync("mysql", $"mysql://root@127.0.0.1:{server.Port}/{name}", drill: drill);
    }
}
