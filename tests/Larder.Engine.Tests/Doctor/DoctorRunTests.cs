using System.Text.Json;
using Larder.Engine.Configuration;
using Larder.Engine.Doctor;
using Larder.Engine.Errors;
using Larder.Repository.Storage;

namespace Larder.Engine.Tests.Doctor;

public sealed class DoctorRunTests
{
    [Fact]
    public async Task A_larder_in_order_has_no_problem()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        var report = await ExamineAsync(larder);
        Assert.True(report.ExitStatus == ExitStatus.Done, string.Join('\n', report.Checks.Where(check => check.Status == DoctorStatus.Problem)));
        Assert.Equal(3, report.Checks.Count(check => check is { Area: "source", Status: DoctorStatus.Ok }));
        Assert.Equal(3, report.Checks.Count(check => check is { Area: "libraries", Status: DoctorStatus.Ok }));
        Assert.Equal(DoctorStatus.Ok, Assert.Single(report.Checks, check => check.Area == "backups").Status);
        Assert.Matches(@"libzstd\.so\.1 is 1\.\d+\.\d+", Assert.Single(report.Checks, check => check.Subject == "libzstd.so.1").Message);
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(report.Checks.Count, json.RootElement.GetProperty("checks").GetArrayLength());
        Assert.Equal("ok", json.RootElement.GetProperty("checks")[0].GetProperty("status").GetString());
    }

    [Fact]
    public async Task Every_trouble_is_a_line_of_its_own_with_advice()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        larder.Clock.Now += TimeSpan.FromDays(3);
        File.Delete(larder.Database);
        Directory.Move(larder.PathOf("offsite"), larder.PathOf("elsewhere"));
        await File.WriteAllTextAsync(Path.Combine(larder.PathOf("local"), "locks", new string('a', 64)), "left behind");

        var report = await ExamineAsync(larder);
        Assert.Equal(ExitStatus.Failed, report.ExitStatus);
        Assert.Equal(DoctorStatus.Problem, Assert.Single(report.Checks, check => check.Subject == "journal/db").Status);
        Assert.Contains(report.Checks, check => check is { Subject: "offsite", Status: DoctorStatus.Problem } && check.Message.StartsWith("LARDER-041", StringComparison.Ordinal));
        Assert.Contains(report.Checks, check => check is { Subject: "local", Status: DoctorStatus.Warning } && check.Message.Contains("locks", StringComparison.Ordinal));
        var fresh = Assert.Single(report.Checks, check => check.Area == "backups");
        Assert.Equal(DoctorStatus.Warning, fresh.Status);
        Assert.Contains("3 days old", fresh.Message, StringComparison.Ordinal);
        Assert.All(report.Checks.Where(check => check.Status != DoctorStatus.Ok), check => Assert.False(string.IsNullOrEmpty(check.Advice), check.Message));
    }

    [Fact]
    public async Task Backups_from_the_future_and_packs_left_behind_are_noticed()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        foreach (var file in larder.StoredFiles("offsite", FileKind.Index))
        {
            file.Delete();
        }
        larder.Clock.Now -= TimeSpan.FromDays(2);
        var report = await ExamineAsync(larder);
        Assert.Contains(report.Checks, check => check.Status == DoctorStatus.Problem && check.Message.Contains("in the future", StringComparison.Ordinal));
        Assert.Contains(report.Checks, check => check is { Subject: "offsite" } && check.Message.Contains("in no index", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broken_configuration_does_not_keep_the_rest_from_being_examined()
    {
        var surroundings = new DoctorSurroundings
        {
            Configuration = new ConfigurationResult { Problems = [new ConfigurationProblem { Key = "jobs.journal.to", Message = "It is missing." }], Warnings = [] },
            Clock = new LeapingClock(DateTimeOffset.UnixEpoch),
        };
        var report = await new DoctorRun(surroundings).ExecuteAsync(CancellationToken.None);
        Assert.Equal(ExitStatus.Failed, report.ExitStatus);
        Assert.Equal("jobs.journal.to: It is missing.", Assert.Single(report.Checks, check => check.Area == "configuration").Message);
        Assert.Equal(DoctorStatus.Problem, Assert.Single(report.Checks, check => check.Subject == "clock").Status);
        Assert.Contains(report.Checks, check => check.Area == "libraries");
    }

    private static Task<DoctorReport> ExamineAsync(ScratchLarder larder) => new DoctorRun(new DoctorSurroundings
    {
        Configuration = new ConfigurationResult { Configuration = larder.Configuration(), Problems = [], Warnings = [] },
        Context = larder.Context(),
        Clock = larder.Clock,
        SearchPath = Environment.GetEnvironmentVariable("PATH") ?? "",
    }).ExecuteAsync(CancellationToken.None);
}
