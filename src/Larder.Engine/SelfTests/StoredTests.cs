using Larder.Engine.Browse;
using Larder.Engine.Cleanup;
using Larder.Engine.Maintenance;
using Larder.Engine.Verify;

namespace Larder.Engine.SelfTests;

/// <summary>The tests of what is stored: `integrity`, `cleanup` and `stats`.</summary>
internal sealed class StoredTests(EngineContext context, RunProgress progress)
{
    /// <summary>Every stored byte of the newest backup of each job.</summary>
    public async Task<Verdict> IntegrityAsync(CancellationToken cancellationToken)
    {
        var survey = await BackupSurvey.ReadAsync(context, context.Repositories.Names, cancellationToken);
        var newest = survey.Backups.Where(backup => !backup.IsSafety).GroupBy(backup => backup.Job).Select(job => job.First()).ToList();
        if (newest.Count == 0 && survey.Unreadable.Count == 0)
        {
            return Verdict.Skipped("There is no backup yet.");
        }
        if (newest.Count == 0)
        {
            return Verdict.Failed(string.Join(' ', survey.Unreadable.Select(failure => failure.Error.Message)));
        }
        var request = new VerifyRequest { Level = VerifyLevel.Data, Backups = [.. newest.Select(backup => backup.BackupId)] };
        var report = await new VerifyRun(context, request, progress).ExecuteAsync(cancellationToken);
        return Verdict.Of(
            [.. report.Errors.Select(error => $"{error.Code} {error.Message}")],
            $"The newest backup of each of {newest.Count} jobs is sound: {report.Checked.PacksRead} packs were read.");
    }

    public async Task<Verdict> CleanupAsync(CancellationToken cancellationToken)
    {
        var plan = await CleanupPlan.ComputeAsync(context, null, cancellationToken);
        return Verdict.Of(
            [.. plan.Repositories.Where(one => one.Error is not null).Select(one => $"{one.ErrorCode} {one.ErrorMessage}")],
            $"A cleanup could be planned: it would remove {plan.Removals} copies of backups and free {plan.FreedBytes} bytes. "
            + "Nothing was removed.");
    }

    public async Task<Verdict> StatsAsync(CancellationToken cancellationToken)
    {
        var stats = await StatsReport.ComputeAsync(context, null, cancellationToken);
        var problems = stats.Repositories.Where(one => one.Backups > one.Snapshots || one.StoredBytes < 0)
            .Select(one => $"The figures of repository \"{one.Name}\" cannot be: {one.Backups} backups in {one.Snapshots} snapshots.");
        return Verdict.Of(
            [.. problems],
            $"{stats.Repositories.Count} repositories hold {stats.Repositories.Sum(one => one.Backups)} backups in "
            + $"{stats.Repositories.Sum(one => one.StoredBytes)} stored bytes.");
    }
}
