using System.Text.Json;
using System.Text.RegularExpressions;
using Larder.Engine.Catalog;
using Larder.Engine.Monitoring;
using Larder.Testing;

namespace Larder.Engine.Tests.Monitoring;

public sealed partial class MetricsPageTests
{
    [Fact]
    public void A_page_tells_what_is_known_and_nothing_that_is_not()
    {
        var page = MetricsPage.Write(Full());
        Assert.Contains("# TYPE larder_backup_last_rows gauge\nlarder_backup_last_rows{job=\"journal\"} 100\n", page, StringComparison.Ordinal);
        Assert.Contains("larder_backup_last_success_timestamp_seconds{job=\"journal\"} 1767610800\n", page, StringComparison.Ordinal);
        Assert.Contains("larder_recoverable_window_seconds{job=\"journal\"} 90000\n", page, StringComparison.Ordinal);
        Assert.Contains("larder_schedule_next_timestamp_seconds{job=\"journal\"} 1767664800\n", page, StringComparison.Ordinal);
        Assert.Contains("larder_drill_rto_seconds{job=\"journal\"} 12.75\n", page, StringComparison.Ordinal);
        Assert.Contains("larder_verify_last_success{job=\"journal\",level=\"data\"} 0\n", page, StringComparison.Ordinal);
        Assert.Contains("larder_repository_up{repository=\"a \\\"b\\\\\\nc\"} 0\n", page, StringComparison.Ordinal);
        Assert.Contains("larder_build_info{version=\"0.1.0\"} 1\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("{job=\"empty\"} 1767", page, StringComparison.Ordinal);
        Assert.All(MetricsPage.Names, name => Assert.Contains($"# HELP {name} ", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_page_is_a_text_of_prometheus_whatever_jobs_and_repositories_are_called() => SeededRandom.Run(random =>
    {
        for (var round = 0; round < 300; round++)
        {
            var names = Enumerable.Range(0, 4).Select(_ => NameOf(random)).Distinct(StringComparer.Ordinal).ToList();
            var full = Full();
            var page = PrometheusText.Parse(MetricsPage.Write(full with
            {
                Jobs = [.. names.Select(name => full.Jobs[0] with { Job = full.Jobs[0].Job with { Name = name } })],
                Repositories = [.. names.Select(name => full.Repositories[0] with { Name = name })],
            }));
            Assert.Equal(names, page.Families["larder_backups"].Samples.Select(sample => sample.Labels["job"]));
            Assert.Equal(names, page.Families["larder_disk_used_bytes"].Samples.Select(sample => sample.Labels["repository"]));
            Assert.All(page.Families, family => Assert.Equal("gauge", family.Value.Type));
            Assert.Equal(MetricsPage.Names.Order(StringComparer.Ordinal), page.Families.Keys.Order(StringComparer.Ordinal));
        }
    });

    [Theory]
    [InlineData("a 1")] // No type.
    [InlineData("# HELP a b\n# TYPE a gauge\na 1")] // No end of its line.
    [InlineData("# HELP a b\n# TYPE a gauge\n# TYPE a gauge\na 1\n")]
    [InlineData("# HELP a b\n# HELP a b\n# TYPE a gauge\na 1\n")]
    [InlineData("# HELP a b\n# TYPE a meter\na 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na 1\na 2\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"1\"} 2\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{x=\"a\"b\"} 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{x=\"\\q\"} 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{x=1} 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{x=\"1\" 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na one\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na 1,5\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na 1\r\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\n1a 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na 1\n# HELP c b\n# TYPE c gauge\nc 1\na{x=\"\"} 1\n")] // Torn apart.
    public void What_is_no_text_of_prometheus_is_refused(string page) => Assert.Throws<FormatException>(() => PrometheusText.Parse(page));

    private static string NameOf(Random random)
    {
        const string letters = "ab\\\"\n{}=, #\tä€-._\u0001";
        return new string([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => letters[random.Next(letters.Length)])]);
    }

    [Fact]
    public async Task Prometheus_itself_takes_the_page_and_the_rules()
    {
        var check = await ChildProcess.RunAsync(
            new ChildCommand("promtool", "check", "metrics")
            {
                StandardInput = async (stream, token) => await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(MetricsPage.Write(Full())), token),
            },
            TestContext.Current.CancellationToken);
        Assert.Equal("", check.Expect().Error + check.Output);
        (await ChildProcess.RunAsync(
            new ChildCommand("promtool", "check", "rules", Path.Combine(RepositoryRoot.Find(), "deploy/prometheus/larder.rules.yml")),
            TestContext.Current.CancellationToken)).Expect();
        (await ChildProcess.RunAsync(
            new ChildCommand("promtool", "test", "rules", Path.Combine(RepositoryRoot.Find(), "tests/Larder.Engine.Tests/Monitoring/larder.rules.tests.yml")),
            TestContext.Current.CancellationToken)).Expect();
    }

    [Theory]
    [InlineData("deploy/prometheus/larder.rules.yml")]
    [InlineData("deploy/grafana/larder.json")]
    public void What_goes_with_larder_asks_only_for_metrics_that_there_are(string file)
    {
        var text = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), file));
        var used = Metric().Matches(text).Select(match => match.Value).Distinct().ToList();
        Assert.NotEmpty(used);
        Assert.Empty(used.Except(MetricsPage.Names));
    }

    [Fact]
    public void The_dashboard_shows_every_metric_and_is_json()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "deploy/grafana/larder.json")));
        var expressions = string.Join('\n', dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()));
        Assert.All(
            MetricsPage.Names.Except(["larder_facts_timestamp_seconds"]),
            name => Assert.Contains(name, expressions, StringComparison.Ordinal));
    }

    private static MonitorFacts Full()
    {
        var now = HealthChecksTests.Facts().At;
        var history = Enumerable.Range(0, 4).Select(day => new DiskSample(now.AddDays(day - 3), 50 + day, 100)).ToList();
        var journal = HealthChecksTests.Job(
            [HealthChecksTests.Backup(1), HealthChecksTests.Backup(25)], "0 2 * * *", HealthChecksTests.Run(1, RunStatus.Success)) with
        {
            Verifications = [HealthChecksTests.Record("failed")],
            LastDrill = new DrillFacts(new string('b', 32), true, now.AddDays(-2), 12.75),
            Probes = [new ProbeFacts("db", "postgresql", true, 0.1, null, null)],
        };
        return HealthChecksTests.Facts(journal, HealthChecksTests.JobNamed("empty", [])) with
        {
            Repositories =
            [
                new RepositoryFacts("local", null, null, 2, history[^1], history),
                new RepositoryFacts("a \"b\\\nc", "It is gone.", "Mount it.", null, null, []),
            ],
            Service = new ServiceFacts(new Heartbeat(now, TimeSpan.FromMinutes(1), ProcessIdentity.Current), false, null),
        };
    }

    [GeneratedRegex(@"\blarder_[a-z_]+\b")]
    private static partial Regex Metric();
}
