using Larder.Engine.Configuration;
using Larder.Engine.Retention;

namespace Larder.Engine.Tests.Configuration;

public sealed class ConfigurationLoaderTests
{
    private const string OfTheProduct =
        """
        repositories:
          local:   { path: /var/lib/larder/repository, password_file: /etc/larder/repository.key }
          offsite: { s3: { endpoint: https://s3.example.com, bucket: backups, prefix: journal }, password_file: /etc/larder/repository.key }
        jobs:
          journal:
            sources:
              db:   { postgresql: { url: "${DATABASE_URL}" } }
              code: { files: { paths: [/srv/journal], exclude: ["*.log", node_modules] } }
            to: [local, offsite]
            schedule:
              - { cron: "0 2 * * *", only: [db] }
              - { cron: "0 3 * * 0" }
            keep: { daily: 7, weekly: 4, monthly: 12 }
            drill: { cron: "0 5 * * 0", assert: [{ source: db, sql: "select count(*) > 0 from entries" }] }
            service: { stop: systemctl stop journal, start: systemctl start journal, healthy: curl -fsS http://localhost:5000/health }
        alerts:
          - { email: { to: [admin@example.com] }, on: [failed, partial, missed, verify_failed] }
        """;

    [Fact]
    public async Task The_example_of_the_product_page_loads()
    {
        using var loading = new Loading(("DATABASE_URL", "postgresql://u:hunter2@db/journal"));
        var result = loading.Load(OfTheProduct);

        Assert.Empty(result.Problems);
        var configuration = result.Require();
        Assert.Equal(["local", "offsite"], configuration.Repositories.Keys);
        Assert.Equal("/var/lib/larder/repository", Assert.IsType<LocalLocation>(configuration.Repositories["local"].Location).Path);
        var s3 = Assert.IsType<S3Location>(configuration.Repositories["offsite"].Location);
        Assert.Equal(("https://s3.example.com", "backups", "journal"), (s3.Endpoint, s3.Bucket, s3.Prefix));

        var job = configuration.Jobs["journal"];
        Assert.Equal(["db", "code"], job.Sources.Select(source => source.Name));
        var postgresql = Assert.IsType<PostgreSqlSourceSettings>(job.Sources[0]);
        Assert.Equal("postgresql://u:hunter2@db/journal", await postgresql.Server.Url!.RevealAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["*.log", "node_modules"], Assert.IsType<FilesSourceSettings>(job.Sources[1]).Exclude);
        Assert.Equal(["local", "offsite"], job.To);
        Assert.Equal(["0 2 * * *", "0 3 * * 0"], job.Schedule.Select(time => time.Cron.Text));
        Assert.Equal(["db"], job.Schedule[0].Only);
        Assert.Equal(new KeepPolicy { Daily = 7, Weekly = 4, Monthly = 12 }, job.Keep);
        Assert.Equal(new DrillAssertion("db", DrillAssertionKind.Sql, "select count(*) > 0 from entries"), Assert.Single(job.Drill!.Assertions));
        Assert.Equal("curl -fsS http://localhost:5000/health", job.Service!.Healthy);
        Assert.Equal((1, null, TimeZoneInfo.Local), (job.CompressionLevel, job.ChunkBytes, job.TimeZone));
        Assert.Equal(["failed", "partial", "missed", "verify_failed"], Assert.Single(configuration.Alerts).On);
    }

    [Fact]
    public void Keys_of_a_job_reach_their_settings()
    {
        using var loading = new Loading();
        var job = loading.LoadJob(
            """
            keep: { last: 2, within: 36h, repositories: { local: { yearly: 3 } } }
            hooks: { before: [a, b], on_failure: c }
            compression: -7
            chunk_size: 64 KiB
            timeout: 1h30m
            time_zone: Europe/Berlin
            tags: [nightly]
            schedule: "@daily"
            """).Require().Jobs["app"];

        Assert.Equal(new KeepPolicy { Last = 2, Within = TimeSpan.FromHours(36) }, job.Keep);
        Assert.Equal(new KeepPolicy { Yearly = 3 }, job.KeepIn("local"));
        Assert.Equal(["a", "b"], job.Hooks.Before);
        Assert.Equal(["c"], job.Hooks.OnFailure);
        Assert.Equal((-7, 65536, TimeSpan.FromMinutes(90)), (job.CompressionLevel, job.ChunkBytes, job.Timeout));
        Assert.Equal("Europe/Berlin", job.TimeZone.Id);
        Assert.Equal(["local"], job.To);
        Assert.Equal("@daily", Assert.Single(job.Schedule).Cron.Text);
        Assert.Equal(Path.Combine(loading.Folder, "app.db"), Assert.IsType<SqliteSourceSettings>(Assert.Single(job.Sources)).Path);
    }

    [Fact]
    public void A_variable_can_never_become_yaml()
    {
        using var loading = new Loading(("EVIL", "x, daily: 1 }\nkeep: { last: 9"));
        var job = loading.LoadJob("description: ${EVIL}").Require().Jobs["app"];

        Assert.Equal("x, daily: 1 }\nkeep: { last: 9", job.Description);
        Assert.True(job.Keep.KeepsEverything);
    }

    [Fact]
    public void The_environment_wins_over_the_file_of_variables()
    {
        using var loading = new Loading(("A", "environment"));
        loading.Write(".env", "A=file\nB=file\n");
        var job = loading.LoadJob("description: ${A} ${B} ${C:-default} $$5 $HOME").Require().Jobs["app"];

        Assert.Equal("environment file default $5 $HOME", job.Description);
    }

    [Fact]
    public void A_variable_that_is_not_set_is_a_problem_that_names_key_and_place()
    {
        using var loading = new Loading();
        var problem = Assert.Single(loading.LoadJob("description: ${NOT_THERE}").Problems);

        Assert.Equal(("jobs.app.description", 5, 18), (problem.Key, problem.Line, problem.Column));
        Assert.Contains("NOT_THERE", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_of_a_variable_is_never_quoted_in_a_problem()
    {
        using var loading = new Loading(("PASSWORD", "hunter2"));
        var result = loading.LoadJob(
            """
            compression: ${PASSWORD}
            to: ["${PASSWORD}"]
            time_zone: ${PASSWORD}
            """);

        Assert.Equal(3, result.Problems.Count);
        Assert.DoesNotContain("hunter2", string.Join('\n', result.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("jobs:\n\tapp: 1\n", 2, "tab")]
    [InlineData("jobs: [a\nb: 1\n", 0, "not valid YAML")]
    [InlineData("a: 1\n---\nb: 2\n", 2, "second YAML document")]
    [InlineData("a: *nowhere\n", 1, "alias")]
    [InlineData("a: !!python/object:os.system x\n", 1, "not a key")]
    [InlineData("a: !local x\n", 1, "tag")]
    [InlineData("", 1, "no value")]
    [InlineData("- a\n", 1, "is a list")]
    public void What_is_not_a_configuration_says_where(string yaml, int line, string message)
    {
        using var loading = new Loading();
        var problem = loading.Load(yaml).Problems[0];

        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        if (line > 0)
        {
            Assert.Equal(line, problem.Line);
        }
    }

    [Fact]
    public void Aliases_that_multiply_are_bounded()
    {
        using var loading = new Loading();
        var lines = new List<string> { "repositories: { local: { path: repo, password: x } }", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]" };
        for (var i = 1; i < 30; i++)
        {
            lines.Add($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]");
        }

        lines.Add("alerts: *a29");

        Assert.NotEmpty(loading.Load(string.Join('\n', lines)).Problems);
    }

    [Fact]
    public void A_value_may_be_repeated_by_an_alias()
    {
        using var loading = new Loading();
        var result = loading.LoadJob("keep: &k { daily: 3 }\ntags: [&t one, *t]");

        Assert.Equal(["one", "one"], result.Require().Jobs["app"].Tags);
    }

    [Theory]
    [InlineData(33)]
    [InlineData(100_000)]
    public void Depth_is_bounded(int depth)
    {
        using var loading = new Loading();
        Assert.Contains("nested", loading.Load("a: " + new string('[', depth) + new string(']', depth)).Problems[0].Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_more_than_a_mebibyte_is_refused()
    {
        using var loading = new Loading();
        Assert.Contains("1 MiB", Assert.Single(loading.Load("#" + new string('x', 1 << 20))!.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_nearest_file_is_read_and_a_named_one_before_all()
    {
        using var loading = new Loading(("LARDER_CONFIG", "named.yaml"));
        Assert.Equal(Path.Combine(loading.Folder, "given.yaml"), ConfigurationFinder.Find("given.yaml", loading.Environment));
        Assert.Equal(Path.Combine(loading.Folder, "named.yaml"), ConfigurationFinder.Find(null, loading.Environment));
        Assert.Contains("does not exist", Assert.Single(ConfigurationLoader.Load(null, loading.Environment).Problems).Message,
            StringComparison.Ordinal);

        using var unnamed = new Loading();
        Assert.Null(ConfigurationFinder.Find(null, unnamed.Environment));
        Directory.CreateDirectory(Path.Combine(unnamed.Folder, "etc"));
        var system = unnamed.Write("etc/larder.yaml", "");
        Assert.Equal(system, ConfigurationFinder.Find(null, unnamed.Environment));
        var near = unnamed.Write("larder.yaml", "");
        Assert.Equal(near, ConfigurationFinder.Find(null, unnamed.Environment));
    }

    [Fact]
    public void With_nothing_at_all_it_says_where_it_looked_and_how_to_start()
    {
        using var loading = new Loading();
        var problem = Assert.Single(ConfigurationLoader.Load(null, loading.Environment).Problems);

        Assert.Contains(Path.Combine(loading.Folder, "larder.yaml"), problem.Message, StringComparison.Ordinal);
        Assert.Contains(loading.Environment.SystemFile, problem.Message, StringComparison.Ordinal);
        Assert.Contains("DATABASE_URL", problem.Message, StringComparison.Ordinal);
        Assert.Equal("larder config example > larder.yaml", problem.Suggestion);
    }

    [Fact]
    public void Secrets_that_others_can_read_are_warned_of()
    {
        using var loading = new Loading();
        var key = loading.Write("open.key", "x");
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var result = loading.Load("repositories: { local: { path: repo, password_file: open.key }, b: { path: b, password_file: missing.key } }");

        Assert.Empty(result.Problems);
        Assert.Equal(2, result.Warnings.Count);
        Assert.Equal("repositories.local.password_file", result.Warnings[0].Key);
        Assert.Contains("does not exist", result.Warnings[1].Message, StringComparison.Ordinal);
    }
}
