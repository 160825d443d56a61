using Larder.Sources.Dumps;
using Larder.Sources.MySql;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MySql;

[Trait("Kind", "server")]
public sealed class MySqlRestoreTests(MariaDbFixture fixture) : IAsyncLifetime
{
    private MySqlSandbox sandbox = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = new MySqlSandbox(await fixture.GetAsync());

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(sandbox.FindLeftovers());
        Assert.Equal("", await sandbox.Server.ExecuteAsync("SHOW DATABASES LIKE '%larder%'"));
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

    private async Task<DumpRestoreOutcome> RestoreAsync(StoredSource stored, DumpRestoreRequest request, MySqlServer? server = null)
    {
        var restore = new MySqlRestore(server ?? sandbox.Root, TimeProvider.System);
        var plan = await restore.PlanAsync(stored, request, Cancellation);
        Assert.Empty(plan.Refusals);
        return await restore.RestoreAsync(stored, plan, _ => { }, Cancellation);
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
