using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Engine.Restore.Transaction;
using Larder.Engine.Verify;

namespace Larder.Engine.Reports;

/// <summary>Gathers what proves the backups: repositories, run history, evidence of drills. It reads alone, and verifies nothing.</summary>
public sealed class ProofReading(EngineContext context)
{
    private const int RestoresShown = 5;

    /// <param name="job">One job; null for all that are configured.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownJob"/>.</exception>
    public async Task<ProofReport> ExecuteAsync(string? job, CancellationToken cancellationToken)
    {
        IReadOnlyList<JobSettings> jobs = job is null ? [.. context.Configuration.Jobs.Values] : [context.JobOf(job)];
        var survey = await BackupSurvey.ReadAsync(context, context.Repositories.Names, cancellationToken);
        var kept = KeptData.Find(context);
        return new ProofReport
        {
            CreatedAt = context.Clock.GetUtcNow(),
            Jobs = [.. jobs.Select(each => Of(each, survey.Backups, kept))],
            Unreadable =
            [
                .. survey.Unreadable.Select(
                    failure => $"Repository \"{failure.Repository}\": {failure.Error.Code} {failure.Error.Message}"),
            ],
        };
    }

    private JobProof Of(JobSettings job, IReadOnlyList<Backup> all, IReadOnlyList<KeptData> kept)
    {
        var backups = all.Where(backup => backup.Job == job.Name && !backup.IsSafety).ToList();
        var good = backups.Find(BackupSurvey.IsGood);
        var verifications = VerificationRecords.Read(context.Configuration.StateDirectory, job.Name);
        var drill = LastDrill(job.Name);
        var proof = new JobProof
        {
            Job = job.Name,
            Backups = backups.Count,
            LastGood = good is null
                ? null
                : new GoodBackup(good.BackupId, good.ShortId, good.Timestamp, good.CreatedAt, good.SizeBytes, [.. good.Repositories]),
            Verifications = verifications,
            LastDrill = drill,
            Restores = Restores(job.Name),
            Kept = [.. kept.Where(one => one.Job == job.Name).Select(one => new KeptProof(one.RunId, one.Targets, one.KeptUntil))],
            Missing = [],
        };
        return proof with { Missing = [.. Missing(job, proof)] };
    }

    private static IEnumerable<string> Missing(JobSettings job, JobProof proof)
    {
        if (proof.LastGood is not { } good)
        {
            yield return $"There is no good backup. Run \"larder backup {job.Name}\".";
            yield break;
        }
        foreach (var name in job.To.Where(name => !good.Repositories.Contains(name)))
        {
            yield return $"The last good backup is not in repository \"{name}\".";
        }
        if (proof.Verifications.Count == 0)
        {
            yield return $"It was never verified. Run \"larder verify {job.Name} --level content\".";
        }
        else if (proof.Verifications.All(record => record.Level != "content"))
        {
            yield return $"Its content was never verified. Run \"larder verify {job.Name} --level content\".";
        }
        foreach (var record in proof.Verifications.Where(record => record.Status != "success"))
        {
            yield return $"Its last verification of level {record.Level} failed.";
        }
        foreach (var record in proof.Verifications.Where(record => record.Level == "content" && record.FinishedAt < good.CreatedAt))
        {
            yield return "Its last good backup is newer than the last verification of its content.";
        }
        if (proof.LastDrill is null)
        {
            yield return "It was never drilled.";
        }
        else if (proof.LastDrill.Status != "success")
        {
            yield return "Its last drill failed.";
        }
    }

    private DrillProof? LastDrill(string job)
    {
        var evidence = DrillEvidence.Newest(context.Configuration.StateDirectory, job);
        var run = Runs(job, RunKind.Drill, 1).FirstOrDefault(run => run.Status != RunStatus.InProgress);

        // A drill that failed may leave no evidence, and must not be hidden by an older one that did.
        return run is not null && run.Id != evidence?.RunId && (evidence is null || run.StartedAt > evidence.FinishedAt)
            ? new DrillProof(run.Id, EnumWord.Of(run.Status), run.FinishedAt ?? run.StartedAt, run.BackupId, null, null)
            : evidence;
    }

    private IReadOnlyList<RestoreProof> Restores(string job) =>
    [
        .. Runs(job, RunKind.Restore, RestoresShown).Concat(Runs(job, RunKind.Rollback, RestoresShown))
            .OrderByDescending(run => run.StartedAt)
            .Take(RestoresShown)
            .Select(run => new RestoreProof(
                run.Id,
                EnumWord.Of(run.Kind),
                EnumWord.Of(run.Status),
                run.StartedAt,
                run.BackupId,
                run.ErrorCode is null ? null : $"{run.ErrorCode} {run.ErrorMessage}")),
    ];

    private IReadOnlyList<Run> Runs(string job, RunKind kind, int limit)
    {
        try
        {
            return context.Catalog?.Runs(new RunFilter { Job = job, Kind = kind, Limit = limit }).Runs ?? [];
        }
        catch (LarderException e)
        {
            context.Warn($"{e.Message} What the run history knows is not in the report.");
            return [];
        }
    }
}
