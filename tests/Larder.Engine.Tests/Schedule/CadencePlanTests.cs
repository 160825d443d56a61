using Larder.Engine.Configuration;
using Larder.Engine.Schedule;

namespace Larder.Engine.Tests.Schedule;

public sealed class CadencePlanTests
{
    private const string Scheduled =
        """
        schedule:
          - { cron: "0 2 * * *", only: [db] }
          - { cron: "0 14 * * *", only: [db] }
          - { cron: "*/30 * * * *", only: [code] }
          - { cron: "0 3 * * 0" }
          - { cron: "0 4 1 * *", cleanup: true }
        """;

    [Theory]
    [InlineData(Cadence.Daily, "", "db|code")]
    [InlineData(Cadence.Daily, "db", "db")]
    [InlineData(Cadence.Daily, "code", "code")]
    [InlineData(Cadence.Daily, "db,code", "")]
    [InlineData(Cadence.Weekly, "", "all")]
    [InlineData(Cadence.Weekly, "code,db", "all")] // A schedule without sources is one for all of them.
    [InlineData(Cadence.Weekly, "db", "")]
    [InlineData(Cadence.Monthly, "", "all, cleanup")]
    public void All_schedules_of_a_kind_are_run_or_those_for_just_these_sources(Cadence cadence, string only, string expected) =>
        Assert.Equal(expected, Run(Scheduled, cadence, only.Split(',', StringSplitOptions.RemoveEmptyEntries)));

    [Theory]
    [InlineData(Cadence.Daily, "db")]
    [InlineData(Cadence.Weekly, "all")]
    [InlineData(Cadence.Monthly, "all, cleanup")]
    public void Where_nobody_wrote_a_schedule_databases_are_daily_everything_weekly_and_everything_with_retention_monthly(
        Cadence cadence, string expected) => Assert.Equal(expected, Run("", cadence, []));

    private static string Run(string schedule, Cadence cadence, IReadOnlyList<string> only)
    {
        var yaml = $$"""
            repositories: { local: { path: /backups, password: x } }
            jobs:
              journal:
                sources: { db: { sqlite: { path: /srv/app.db } }, code: { files: { paths: [/srv/code] } } }
            {{string.Join('\n', schedule.Split('\n').Select(line => $"    {line}"))}}
            """;
        var environment = new ConfigurationEnvironment { Variables = new Dictionary<string, string>(), WorkingDirectory = "/" };
        var configuration = ConfigurationLoader.LoadText(yaml, "/larder.yaml", environment).Require();
        var backups = CadencePlan.BackupsOf(configuration, configuration.Jobs["journal"], cadence, only);
        return string.Join('|', backups.Select(backup => (backup.Request.Only.Count > 0 ? string.Join(',', backup.Request.Only) : "all")
            + (backup.ThenCleanup ? ", cleanup" : "")));
    }
}
