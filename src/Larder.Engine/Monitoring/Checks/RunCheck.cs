using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Monitoring.Checks;

/// <summary>How did the job's last backup end? The same thing as the alert of the run itself, so that it is told once.</summary>
internal static class RunCheck
{
    public static IEnumerable<Condition> Of(JobFacts facts)
    {
        var last = facts.Runs.FirstOrDefault(run => run.Status is RunStatus.Success or RunStatus.Partial or RunStatus.Failed);
        if (last is null)
        {
            yield break;
        }
        var run = new NewRun { Id = last.Id, Kind = last.Kind, Job = last.Job, Trigger = last.Trigger, CreatedBy = last.CreatedBy };
        yield return RunOutcome.ConditionOf(run, new RunResult
        {
            Status = last.Status,
            BackupId = last.BackupId,
            SizeBytes = last.SizeBytes,
            AddedBytes = last.AddedBytes,
            ExitStatus = (ExitStatus)(last.ExitStatus ?? 0),
            Error = last.ErrorCode is not { } code ? null : new ErrorReport
            {
                Code = code,
                Message = last.ErrorMessage ?? "",
                Hint = last.Hint ?? "",
                ExitStatus = (ExitStatus)(last.ExitStatus ?? 1),
                HttpStatus = 500,
            },
        })!;
    }
}
