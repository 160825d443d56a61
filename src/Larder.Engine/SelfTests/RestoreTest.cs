using Larder.Engine.Backups;
using Larder.Engine.Maintenance;
using Larder.Engine.Restore;
using Larder.Engine.Servers;

namespace Larder.Engine.SelfTests;

/// <summary>
/// The test `restore`: the newest good backup of each job goes into a temporary folder and is compared there. Database servers are not
/// written to: their restore is planned against the live server, and the plan must be one that could be confirmed.
/// </summary>
internal sealed class RestoreTest(EngineContext context, RunProgress progress)
{
    public async Task<Verdict> ExecuteAsync(CancellationToken cancellationToken)
    {
        var survey = await BackupSurvey.ReadAsync(context, context.Repositories.Names, cancellationToken);
        var problems = survey.Unreadable.Select(failure => $"{failure.Error.Code} {failure.Error.Message}").ToList();
        var done = new List<string>();
        foreach (var backup in survey.Backups.Where(backup => BackupSurvey.IsGood(backup) && !backup.IsSafety)
            .GroupBy(backup => backup.Job)
            .Select(job => job.First()))
        {
            var files = backup.Sources.Where(source => !DumpEngines.IsServer(source.Engine)).Select(source => source.Name).ToList();
            var servers = backup.Sources.Where(source => DumpEngines.IsServer(source.Engine)).Select(source => source.Name).ToList();
            if (files.Count > 0)
            {
                await RestoreAsync(backup, files, problems, done, cancellationToken);
            }
            if (servers.Count > 0 && context.Configuration.Jobs.ContainsKey(backup.Job))
            {
                await PlanAsync(backup, servers, problems, done, cancellationToken);
            }
        }
        return problems.Count == 0 && done.Count == 0
            ? Verdict.Skipped("There is no good backup yet.")
            : Verdict.Of(problems, string.Join(' ', done));
    }

    private async Task RestoreAsync(
        Backup backup, IReadOnlyList<string> sources, List<string> problems, List<string> done, CancellationToken cancellationToken)
    {
        using var scratch = new Scratch();
        var request = new RestoreRequest
        {
            Backup = backup.BackupId,
            Only = sources,
            Target = scratch.Combine("restored"),
            SkipsSafety = true,
            IsConfirmed = true,
        };
        var plan = await RestorePlan.ComputeAsync(scratch.Quiet(context), request, cancellationToken);
        if (plan.Refusals.Count > 0)
        {
            problems.Add($"Backup {backup.ShortId} of job \"{backup.Job}\" could not be restored into {scratch.Folder}: "
                + string.Join(' ', plan.Refusals.Select(refusal => refusal.Reason)));
            return;
        }
        var result = await RestoreRun.ExecuteAsync(plan, progress, cancellationToken);
        if (!result.Verified)
        {
            problems.Add($"What was restored of backup {backup.ShortId} of job \"{backup.Job}\" was not found equal to the backup.");
            return;
        }
        done.Add($"Backup {backup.ShortId} of job \"{backup.Job}\" ({string.Join(", ", sources)}) was restored into a temporary folder "
            + $"and is equal: {result.Files} files, {result.Bytes} bytes.");
    }

    private async Task PlanAsync(
        Backup backup, IReadOnlyList<string> sources, List<string> problems, List<string> done, CancellationToken cancellationToken)
    {
        var request = new RestoreRequest { Backup = backup.BackupId, Only = sources };
        using var scratch = new Scratch();
        var plan = await RestorePlan.ComputeAsync(scratch.Quiet(context), request, cancellationToken);
        if (plan.Refusals.Count > 0)
        {
            problems.Add($"The restore of {string.Join(", ", sources)} from backup {backup.ShortId} of job \"{backup.Job}\" would be "
                + $"refused: {string.Join(' ', plan.Refusals.Select(refusal => refusal.Reason))}");
            return;
        }
        done.Add($"The restore of {string.Join(", ", sources)} from backup {backup.ShortId} of job \"{backup.Job}\" was planned and not "
            + "executed: its server is live.");
    }
}
