using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Testing;

namespace Larder.Engine.Tests.Access;

public sealed class AuditLogTests
{
    [Theory]
    [InlineData("UPDATE audit SET actor = 'somebody else' WHERE number = 2")]
    [InlineData("DELETE FROM audit WHERE number = 2")]
    [InlineData("DELETE FROM audit")]
    [InlineData("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE number = 2")]
    [InlineData("REPLACE INTO audit (number, at, actor, way, address, action, target, outcome, details, previous, hash) VALUES (2,'','','','','','','','','','')")]
    public async Task The_catalog_refuses_to_change_remove_or_replace_an_entry(string sql)
    {
        await using var folder = new TemporaryFolder();
        using var catalog = Filled(folder, 3);

        var refusal = Assert.ThrowsAny<Exception>(() => catalog.Execute(sql));

        Assert.Contains("audit log is not", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(3, new AuditLog(catalog).Verify().Entries);
    }

    [Theory]
    [InlineData("UPDATE audit SET target = 'nothing' WHERE number = 2", 2)]
    [InlineData("UPDATE audit SET at = '2026-01-05T11:00:00.0000000Z' WHERE number = 1", 1)]
    [InlineData("DELETE FROM audit WHERE number = 2", 2)]
    [InlineData("DELETE FROM audit WHERE number = 5", 5)] // The last: the database knows that it gave that number.
    [InlineData("UPDATE audit SET outcome = 'refused' WHERE number = 5", 5)]
    public async Task Who_writes_past_the_catalog_breaks_the_chain(string sql, long at)
    {
        await using var folder = new TemporaryFolder();
        using var catalog = Filled(folder, 5);
        foreach (var trigger in new[] { "changed", "removed", "replaced" })
        {
            catalog.Execute($"DROP TRIGGER audit_is_not_{trigger}");
        }
        catalog.Execute(sql);

        var verdict = new AuditLog(catalog).Verify();

        Assert.False(verdict.IsWhole);
        Assert.Equal(at, verdict.BrokenAt);
    }

    [Fact]
    public async Task A_head_that_was_noted_elsewhere_shows_a_log_that_was_forged_whole()
    {
        await using var folder = new TemporaryFolder();
        string noted;
        using (var catalog = Filled(folder, 3))
        {
            noted = new AuditLog(catalog).Verify().Head;
            new AuditLog(catalog).Append(Event("later"));
            Assert.True(new AuditLog(catalog).Verify(noted).IsWhole);
        }
        await using var other = new TemporaryFolder();
        using var forged = Filled(other, 5);

        Assert.True(new AuditLog(forged).Verify().IsWhole);
        Assert.False(new AuditLog(forged).Verify(noted).IsWhole);
    }

    [Fact]
    public async Task Two_processes_append_to_one_chain()
    {
        await using var folder = new TemporaryFolder();
        using var one = Filled(folder, 1);
        using var two = CatalogDatabase.Open(folder["catalog.db"], TimeProvider.System, _ => { });

        await Task.WhenAll(new[] { one, two }.Select(catalog => Task.Run(() =>
        {
            for (var at = 0; at < 50; at++)
            {
                new AuditLog(catalog).Append(Event($"entry {at}"));
            }
        })));

        Assert.Equal((101, true), (new AuditLog(one).Verify().Entries, new AuditLog(one).Verify().IsWhole));
    }

    [Fact]
    public async Task What_strangers_send_forges_no_line_and_fills_no_disk()
    {
        await using var folder = new TemporaryFolder();
        using var catalog = Filled(folder, 0);

        var entry = new AuditLog(catalog).Append(Event($"a\r\n2026-01-01 admin did it\u001b[31m{new string('x', 10_000)}"));

        Assert.DoesNotContain(entry.What.Target, letter => char.IsControl(letter));
        Assert.InRange(entry.What.Target.Length, 1, 510);
        Assert.True(new AuditLog(catalog).Verify().IsWhole);
    }

    private static CatalogDatabase Filled(TemporaryFolder folder, int entries)
    {
        var catalog = CatalogDatabase.Open(folder["catalog.db"], TimeProvider.System, _ => { });
        for (var at = 0; at < entries; at++)
        {
            new AuditLog(catalog).Append(Event($"entry {at}"));
        }
        return catalog;
    }

    private static AuditEvent Event(string target) =>
        new() { Actor = "ada", Way = "session", Address = "127.0.0.1", Action = "backup.create", Target = target, Outcome = AuditOutcome.Done };
}
