using Larder.Engine.Catalog;
using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring;

/// <summary>What a run that ended means: how it stands with what it does from now on, and an event for those who take such.</summary>
internal static class RunOutcome
{
    /// <summary>Null where the run says nothing of how it stands: somebody cancelled it, or it was skipped.</summary>
    public static Condition? ConditionOf(NewRun run, RunResult result)
    {
        if (result.Status is RunStatus.Cancelled or RunStatus.Skipped or RunStatus.InProgress)
        {
            return null;
        }
        return new Condition
        {
            Check = EnumWord.Of(run.Kind),
            Subject = run.Job ?? "*",
            Job = run.Job,
            Event = EventOf(run.Kind, result.Status),
            Level = result.Status switch
            {
                RunStatus.Success => AlertLevel.Info,
                RunStatus.Partial => AlertLevel.Warning,
                _ => AlertLevel.Error,
            },
            Title = Title(run, result),
            Message = Message(run, result),
            Hint = result.Error?.Hint
                ?? (result.Status == RunStatus.Partial ? $"\"larder runs --show {run.Id[..13]}\" lists what was left out." : null),
            RunId = run.Id,
            Facts = [.. Facts(run, result)],
        };
    }

    /// <summary>As an event, with the level it has as one.</summary>
    public static Notice EventNotice(Notice blank, NewRun run, RunResult result) => blank with
    {
        Event = run.Kind is RunKind.Restore or RunKind.Rollback ? AlertEvent.Restore
            : result.Status == RunStatus.Cancelled ? AlertEvent.Cancelled : AlertEvent.Success,
        Level = result.Status is RunStatus.Failed ? AlertLevel.Error : AlertLevel.Info,
        Key = $"{EnumWord.Of(run.Kind)}:{run.Job ?? "*"}",
        Job = run.Job,
        Title = Title(run, result),
        Message = Message(run, result),
        Hint = result.Error?.Hint,
        RunId = run.Id,
        Facts = [.. Facts(run, result)],
    };

    public static Notice StartNotice(Notice blank, NewRun run) => blank with
    {
        Event = AlertEvent.Start,
        Key = $"{EnumWord.Of(run.Kind)}:{run.Job ?? "*"}",
        Job = run.Job,
        Title = $"{Subject(run)} began",
        Message = $"The {EnumWord.Of(run.Kind)}{Of(run)} began.",
        RunId = run.Id,
    };

    private static AlertEvent EventOf(RunKind kind, RunStatus status) => (kind, status) switch
    {
        (RunKind.Verify, _) => AlertEvent.VerifyFailed,
        (RunKind.Drill, _) => AlertEvent.DrillFailed,
        (_, RunStatus.Partial) => AlertEvent.Partial,
        _ => AlertEvent.Failed,
    };

    private static string Subject(NewRun run) => run.Job is { } job ? $"{job}: {EnumWord.Of(run.Kind)}" : EnumWord.Of(run.Kind);

    private static string Of(NewRun run) => run.Job is { } job ? $" of job \"{job}\"" : "";

    private static string Title(NewRun run, RunResult result) => result.Status switch
    {
        RunStatus.Success => $"{Subject(run)} succeeded",
        RunStatus.Partial => $"{Subject(run)} is partial",
        RunStatus.Cancelled => $"{Subject(run)} was cancelled",
        _ => $"{Subject(run)} failed",
    };

    private static string Message(NewRun run, RunResult result) => (result.Status, result.Error) switch
    {
        (RunStatus.Success, _) => $"The {EnumWord.Of(run.Kind)}{Of(run)} ended well.",
        (RunStatus.Partial, _) => $"The {EnumWord.Of(run.Kind)}{Of(run)} was made, and something was left out.",
        (RunStatus.Cancelled, _) => $"The {EnumWord.Of(run.Kind)}{Of(run)} was cancelled before it was done.",
        (_, { } error) => $"The {EnumWord.Of(run.Kind)}{Of(run)} failed. {error.Code}: {error.Message}",
        _ => $"The {EnumWord.Of(run.Kind)}{Of(run)} failed.",
    };

    private static IEnumerable<NoticeFact> Facts(NewRun run, RunResult result)
    {
        yield return new NoticeFact("Status", EnumWord.Of(result.Status));
        if (result.BackupId is { } backup)
        {
            yield return new NoticeFact("Backup", backup[..Math.Min(8, backup.Length)]);
        }
        if (result.SizeBytes is { } size)
        {
            yield return new NoticeFact("Size", ByteSize.Format(size));
        }
        if (result.AddedBytes is { } added)
        {
            yield return new NoticeFact("Added", ByteSize.Format(added));
        }
        yield return new NoticeFact("Started by", run.CreatedBy is { } user ? $"{run.Trigger}, {user}" : run.Trigger);
    }
}
