using System.Text.Json;
using Larder.Engine.Configuration;
using Larder.Engine.Doctor;
using Larder.Engine.Errors;
using Larder.Engine.SelfTests;
using Larder.Repository.Storage;

namespace Larder.Engine.Tests.SelfTests;

public sealed class SelfTestRunTests
{
    [Fact]
    public async Task Every_test_of_a_sound_installation_passes_and_leaves_nothing_behind()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        var backups = (await larder.ListAsync()).Count;
        var before = Leftovers();

        var report = await TestAsync(larder, "all");
        Assert.Equal(SelfTestRun.Names, report.Tests.Select(test => test.Name));
        foreach (var test in report.Tests)
        {
            Assert.True(test.Status == (test.Name == "schedule" ? "skipped" : "passed"), $"{test.Name} {test.Status}: {test.Message}");
        }
        Assert.Equal("success", report.Status);
        Assert.Equal(ExitStatus.Done, report.ExitStatus);
        Assert.Equal(backups, (await larder.ListAsync()).Count);
        Assert.Empty(Leftovers().Except(before));
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal("executable", json.RootElement.GetProperty("tests")[0].GetProperty("name").GetString());
        Assert.True(json.RootElement.GetProperty("tests")[0].TryGetProperty("duration_seconds", out _));
    }

    [Fact]
    public async Task What_could_not_be_tried_is_skipped_and_not_passed()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        Assert.Equal("skipped", (await TestAsync(larder, "integrity")).Tests[0].Status);
        Assert.Equal("skipped", (await TestAsync(larder, "restore")).Tests[0].Status);
        Assert.Equal("skipped", (await TestAsync(larder, "schedule")).Tests[0].Status);
    }

    [Theory]
    [InlineData("database", "database")]
    [InlineData("integrity", "pack")]
    [InlineData("restore", "pack")]
    [InlineData("cleanup", "repository")]
    [InlineData("stats", "repository")]
    public async Task What_is_broken_fails_its_test(string test, string broken)
    {
        await using var larder = await ScratchLarder.CreateAsync();
        larder.To = ["local"];
        await larder.BackUpAsync();
        switch (broken)
        {
            case "database":
                File.Delete(larder.Database);
                break;
            case "pack":
                foreach (var pack in larder.StoredFiles("local", FileKind.Pack))
                {
                    await ScratchLarder.DamageAsync(pack, bytes =>
                    {
                        bytes[bytes.Length / 3] ^= 1;
                        return bytes;
                    });
                }
                break;
            default:
                Directory.Move(larder.PathOf("local"), larder.PathOf("elsewhere"));
                break;
        }

        var report = await TestAsync(larder, test);
        var only = Assert.Single(report.Tests);
        Assert.True(only.Status == "failed", only.Message);
        Assert.NotEmpty(only.Message);
        Assert.Equal(ExitStatus.Damage, report.ExitStatus);
    }

    [Fact]
    public async Task An_unknown_test_is_refused()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        Assert.Equal(EngineError.UsageInvalid, (await Assert.ThrowsAsync<LarderException>(() => TestAsync(larder, "luck"))).Error);
    }

    [Fact]
    public async Task A_backup_that_was_due_and_was_not_made_fails_the_schedule()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        Assert.True(CronExpression.TryParse("0 3 * * *", out var cron, out _));
        var context = larder.Context();
        context = context with
        {
            Configuration = context.Configuration with
            {
                Jobs = context.Configuration.Jobs.ToDictionary(job => job.Key, job => job.Value with { Schedule = [new ScheduleSettings { Cron = cron! }] }),
            },
        };

        var onTime = (await TestAsync(larder, "schedule", context)).Tests[0];
        Assert.True(onTime.Status == "passed", onTime.Message);
        Assert.Contains("is due next at 2026-01-07 03:00", onTime.Message, StringComparison.Ordinal);

        larder.Clock.Now += TimeSpan.FromDays(3);
        var late = (await TestAsync(larder, "schedule", context)).Tests[0];
        Assert.Equal("failed", late.Status);
        Assert.Contains("was due at 2026-01-07 03:00", late.Message, StringComparison.Ordinal);
    }

    private static Task<SelfTestReport> TestAsync(ScratchLarder larder, string name, EngineContext? context = null)
    {
        var engine = context ?? larder.Context();
        var surroundings = new DoctorSurroundings
        {
            Configuration = new ConfigurationResult { Configuration = engine.Configuration, Problems = [], Warnings = [] },
            Context = engine,
            Clock = engine.Clock,
            SearchPath = Environment.GetEnvironmentVariable("PATH") ?? "",
        };
        return new SelfTestRun(surroundings, engine, new RunProgress()).ExecuteAsync(name, CancellationToken.None);
    }

    private static IEnumerable<string> Leftovers() => Directory.GetDirectories(Path.GetTempPath(), "larder-self-test-*");
}
