using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Sources.Throwaway;

namespace Larder.Engine.Drills;

/// <summary>Drills one backup, or the latest of every job, one after the other. Each is a run of its own in the catalog.</summary>
public sealed class DrillRun(EngineContext context, DrillRequest request, RunProgress progress)
{
    /// <exception cref="LarderException">The name means no job and no backup, or the source is not in the backup.</exception>
    /// <exception cref="Repository.RepositoryException">No repository could be read.</exception>
    public async Task<DrillSummary> ExecuteAsync(CancellationToken cancellationToken)
    {
        RemoveLeftovers(context);
        var drills = new List<FinishedDrill>();
        foreach (var (job, name) in await FindTargetsAsync(cancellationToken))
        {
            drills.Add(await JournaledRun.ExecuteAsync(context, RunKind.Drill, job, async journal =>
            {
                var finished = name is null
                    ? NothingToDrill(job!, journal.RunId)
                    : await new BackupDrill(context, request, progress).RunAsync(name, journal, cancellationToken);
                Note(journal, finished);
                return (finished, Result(finished));
            }));
        }
        return new DrillSummary { Drills = drills };
    }

    /// <summary>What drills of this machine left whose process and keeper are both gone, so the machine itself must have stopped.</summary>
    public static void RemoveLeftovers(EngineContext context)
    {
        var folders = context.Configuration.Jobs.Values.Select(job => DrillPlace.Of(job.Drill ?? new DrillSettings()))
            .Append(DrillPlace.Of(new DrillSettings())).Distinct(StringComparer.Ordinal);
        foreach (var left in folders.SelectMany(ThrowawayFolder.RemoveLeftovers))
        {
            context.Warn($"{left} was left by a drill that was broken off, and was removed.");
        }
    }

    /// <returns>Jobs and names of backups; a name is null where the job has no backup.</returns>
    private async Task<IReadOnlyList<(string? Job, string? Name)>> FindTargetsAsync(CancellationToken cancellationToken)
    {
        if (request.Name is { } name)
        {
            if (context.Configuration.Jobs.ContainsKey(name))
            {
                return [(name, $"{name}:latest")];
            }
            var backup = await context.Library.ResolveAsync(name, request.Repository, cancellationToken);
            return [(backup.Job, backup.BackupId)];
        }
        var backups = await context.Library.ListAsync(request.Repository, cancellationToken);
        return
        [
            .. context.Configuration.Jobs.Keys.Select(job => (
                (string?)job, backups.FirstOrDefault(backup => backup.Job == job)?.BackupId)),
        ];
    }

    private FinishedDrill NothingToDrill(string job, string runId)
    {
        var now = context.Clock.GetUtcNow();
        var error = new LarderException(EngineError.DrillImpossible, $"There is no backup of job \"{job}\" yet.")
        {
            Hint = $"run \"larder backup {job}\" first.",
        };
        var report = new DrillReport
        {
            RunId = runId,
            Job = job,
            BackupId = null,
            Timestamp = null,
            Repository = null,
            StartedAt = now,
            FinishedAt = now,
            Sources = [],
            Steps = [],
            Entries = [],
            Assertions = [],
            Errors = [DrillError.Of(ErrorTable.Describe(error), null)],
            LarderVersion = context.LarderVersion,
            Host = context.Host,
        };
        return new FinishedDrill(report, null, []);
    }

    private static void Note(RunJournal journal, FinishedDrill finished)
    {
        foreach (var step in finished.Report.Steps)
        {
            journal.Append(EventLevel.Info, FormattableString.Invariant($"{step.Source}: {step.Step} took {step.Seconds:0.0} s."));
        }
        foreach (var hint in finished.Report.Hints)
        {
            journal.Append(EventLevel.Warning, hint);
        }
        foreach (var error in finished.Report.Errors)
        {
            journal.Append(EventLevel.Error, $"{error.Code} {error.Message}");
        }
        if (finished.Evidence is { } evidence)
        {
            journal.Append(EventLevel.Info, $"The evidence is {evidence}.");
        }
    }

    private static RunResult Result(FinishedDrill finished)
    {
        var report = finished.Report;
        if (report.Errors.Count == 0)
        {
            return new RunResult { Status = RunStatus.Success, BackupId = report.BackupId };
        }
        var first = report.Errors.FirstOrDefault(error => error.ExitStatus == report.ExitStatus) ?? report.Errors[0];
        return RunResult.Failed(new ErrorReport
        {
            Code = first.Code,
            Message = report.Errors.Count == 1 ? first.Message : $"{report.Errors.Count} findings; the first: {first.Message}",
            Hint = first.Hint,
            ExitStatus = report.ExitStatus,
            HttpStatus = ErrorTable.Row(EngineError.DrillImpossible).HttpStatus,
        }) with { BackupId = report.BackupId };
    }
}
