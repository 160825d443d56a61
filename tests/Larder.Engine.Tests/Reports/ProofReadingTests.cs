using System.Text.Json;
using Larder.Engine.Drills;
using Larder.Engine.Errors;
using Larder.Engine.Reports;
using Larder.Engine.Restore;
using Larder.Engine.Verify;

namespace Larder.Engine.Tests.Reports;

public sealed class ProofReadingTests
{
    [Fact]
    public async Task Without_a_good_backup_the_report_fails_and_says_so()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var report = await ReadAsync(larder);
        Assert.Equal("failed", report.Status);
        Assert.Equal(ExitStatus.Failed, report.ExitStatus);
        Assert.Contains("There is no good backup.", Assert.Single(Assert.Single(report.Jobs).Missing), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_proved_is_gathered_and_what_was_not_is_said()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var backup = await larder.BackUpAsync();
        var bare = Assert.Single((await ReadAsync(larder)).Jobs);
        Assert.Equal(backup.ShortId, bare.LastGood!.ShortId);
        Assert.Contains(bare.Missing, missing => missing.StartsWith("It was never verified.", StringComparison.Ordinal));
        Assert.Contains("It was never drilled.", bare.Missing);

        await new VerifyRun(larder.Context(), new VerifyRequest { Level = VerifyLevel.Content, Jobs = ["journal"] }, new RunProgress())
            .ExecuteAsync(CancellationToken.None);
        WriteDrill(larder, "00000000000000000000000000000001", "success");
        var plan = await RestorePlan.ComputeAsync(
            larder.Context(),
            new RestoreRequest { Backup = "latest", Only = ["code"], IsConfirmed = true, SkipsSafety = true },
            CancellationToken.None);
        await RestoreRun.ExecuteAsync(plan, new RunProgress(), CancellationToken.None);

        var report = await ReadAsync(larder);
        var job = Assert.Single(report.Jobs);
        Assert.Equal("success", report.Status);
        Assert.Empty(job.Missing);
        Assert.Equal("content", Assert.Single(job.Verifications).Level);
        Assert.Equal(12.5, job.LastDrill!.RtoSeconds);
        Assert.Equal("restore", Assert.Single(job.Restores).Kind);
        Assert.NotEmpty(Assert.Single(job.Kept).Targets);
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(backup.BackupId, json.RootElement.GetProperty("jobs")[0].GetProperty("last_good").GetProperty("backup_id").GetString());
        var text = ProofText.Write(report);
        Assert.Contains("JOB journal\n", text, StringComparison.Ordinal);
        Assert.Contains("  Verified        content: success on ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_drill_a_failed_verification_and_a_newer_backup_are_missing_proof()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var backup = await larder.BackUpAsync();
        var planted = await larder.PlantAsync("local", backup, manifest => manifest with { Sources = [.. manifest.Sources.Select(source => source with { Files = 9 })] });
        await new VerifyRun(
            larder.Context(), new VerifyRequest { Level = VerifyLevel.Content, Backups = [planted], Repository = "local" }, new RunProgress())
            .ExecuteAsync(CancellationToken.None);
        WriteDrill(larder, "00000000000000000000000000000001", "success");
        WriteDrill(larder, "00000000000000000000000000000002", "failed");
        await larder.BackUpAsync();

        var job = Assert.Single((await ReadAsync(larder)).Jobs);
        Assert.Contains("Its last verification of level content failed.", job.Missing);
        Assert.Contains("Its last good backup is newer than the last verification of its content.", job.Missing);
        Assert.Contains("Its last drill failed.", job.Missing);
    }

    [Fact]
    public async Task A_repository_that_cannot_be_read_is_never_success()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        Directory.Move(larder.PathOf("offsite"), larder.PathOf("elsewhere"));
        var report = await ReadAsync(larder);
        Assert.Equal("failed", report.Status);
        Assert.Contains("offsite", Assert.Single(report.Unreadable), StringComparison.Ordinal);
    }

    private static Task<ProofReport> ReadAsync(ScratchLarder larder) => new ProofReading(larder.Context()).ExecuteAsync(null, CancellationToken.None);

    private static void WriteDrill(ScratchLarder larder, string run, string status) =>
        Evidence.Write(larder.Configuration().StateDirectory, new DrillReport
        {
            RunId = run,
            Job = "journal",
            BackupId = null,
            Timestamp = null,
            Repository = null,
            StartedAt = new DateTimeOffset(2026, 1, 6, 12, 59, 0, TimeSpan.Zero),
            FinishedAt = new DateTimeOffset(2026, 1, 6, 13, 0, 0, TimeSpan.Zero),
            RtoSeconds = 12.5,
            Sources = [],
            Steps = [],
            Entries = [],
            Assertions = [],
            Errors = status == "success" ? [] : [new DrillError("LARDER-016", "It is not so.", "", null, ExitStatus.Damage)],
            LarderVersion = "0.1.0",
            Host = "host",
        });
}
