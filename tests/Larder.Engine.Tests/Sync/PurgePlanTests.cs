using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Sync;
using Larder.Engine.Tests.Configuration;

namespace Larder.Engine.Tests.Sync;

public sealed class PurgePlanTests
{
    private const string Temple =
        """
        repositories: { local: { path: /srv/backups, password: secret } }
        jobs:
          temple:
            sources: { db: { mongodb: { url: "mongodb://localhost", database: temple } }, code: { files: { paths: [/srv/temple] } } }
            SYNC
            PURGE
        """;

    private const string Sync = "sync: { source: db, remote: \"mongodb://cloud.example.com\", primary: local }";
    private const string Purge = "purge: { source: db, always: [activities], confirm: [bookings, employee_bookings] }";

    [Theory]
    [InlineData("", "activities")]
    [InlineData("default", "activities")]
    [InlineData("all", "activities bookings employee_bookings")]
    [InlineData("bookings", "activities bookings")]
    [InlineData("bookings default activities", "activities bookings")]
    public void What_is_always_emptied_and_what_the_caller_names(string wanted, string expected)
    {
        var plan = PurgePlan.Of(Job(Sync, Purge), ["db", "code"], Words(wanted))!;
        Assert.Equal(Words(expected), plan.Collections);
        Assert.Equal(["local", "remote"], plan.Sides);
        Assert.Equal(["local"], PurgePlan.Of(Job("", Purge), ["db"], Words(wanted))!.Sides);
    }

    [Theory]
    [InlineData("events", "db", "\"events\"")]
    [InlineData("bookings events", "db", "\"events\"")]
    [InlineData("all", "code", "not backed up")]
    [InlineData("bookings", "code", "not backed up")]
    public void A_name_that_is_not_purged_is_refused(string wanted, string selected, string reason)
    {
        var refused = Assert.Throws<LarderException>(() => PurgePlan.Of(Job(Sync, Purge), [selected], Words(wanted)));
        Assert.Equal((EngineError.UsageInvalid, ExitStatus.Usage), (refused.Error, refused.ExitStatus));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_is_purged_nothing_is_planned()
    {
        Assert.Null(PurgePlan.Of(Job(Sync, ""), ["db"], []));
        Assert.Null(PurgePlan.Of(Job(Sync, ""), ["db"], ["default"]));
        Assert.Null(PurgePlan.Of(Job(Sync, Purge), ["code"], []));
        Assert.Null(PurgePlan.Of(Job(Sync, "purge: { source: db, confirm: [bookings] }"), ["db"], []));
        Assert.Throws<LarderException>(() => PurgePlan.Of(Job(Sync, ""), ["db"], ["all"]));
    }

    [Fact]
    public void What_is_synced_has_names()
    {
        using var loading = new Loading();
        var text = Temple.Replace("database: temple", "databases: all", StringComparison.Ordinal)
            .Replace("SYNC", Sync, StringComparison.Ordinal).Replace("PURGE", "", StringComparison.Ordinal);
        var problem = Assert.Single(ConfigurationLoader.LoadText(text, Path.Combine(loading.Folder, "larder.yaml"), loading.Environment).Problems);
        Assert.Equal("jobs.temple.sync.source", problem.Key);
        Assert.Contains("backs up all databases", problem.Message, StringComparison.Ordinal);
    }

    private static JobSettings Job(string sync, string purge)
    {
        using var loading = new Loading();
        var text = Temple.Replace("SYNC", sync, StringComparison.Ordinal).Replace("PURGE", purge, StringComparison.Ordinal);
        var result = ConfigurationLoader.LoadText(text, Path.Combine(loading.Folder, "larder.yaml"), loading.Environment);
        Assert.Empty(result.Problems);
        return result.Configuration!.Jobs["temple"];
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
