using System.Text;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Restore;

namespace Larder.Cli.Commands;

/// <summary>What a restore prints: its plan where it was not confirmed, or what it did.</summary>
internal sealed class RestoreAnswer(Call call, bool isDryRun)
{
    /// <summary>Plans, and, where it was confirmed and is not refused, executes.</summary>
    public async Task<ExitStatus> RunAsync(RestoreRequest request, CancellationToken cancellationToken)
    {
        var engine = call.EngineWithCatalog; // A plan too: it says how long restores took before.
        if (request.IsConfirmed)
        {
            await Recovering.RunAsync(call, engine, cancellationToken);
        }
        var plan = await RestorePlan.ComputeAsync(engine, request, cancellationToken);
        return plan.IsConfirmed && plan.Refusals.Count == 0
            ? await ExecuteAsync(plan, cancellationToken)
            : ShowPlan(plan);
    }

    private ExitStatus ShowPlan(RestorePlan plan)
    {
        call.Answer(() => RestoreJson.Write(plan), () => PlanText(plan, call.OutInk));
        foreach (var warning in plan.Warnings)
        {
            call.Words.Warn(warning);
        }
        var context = new ErrorContext { Backup = plan.ShortId, Job = plan.Job };
        if (plan.Refusals.Count > 0)
        {
            var reasons = string.Join(' ', plan.Refusals.Select(refusal => $"{refusal.Source}: {refusal.Reason}"));
            return Refuse(new LarderException(EngineError.PrerequisiteFailed, $"The restore is refused. {reasons}") { Context = context });
        }
        return isDryRun
            ? ExitStatus.Done
            : Refuse(
                new LarderException(EngineError.ConfirmationMissing, "Nothing was restored: --confirm is missing.") { Context = context });
    }

    // The plan is the one document of stdout, so the refusal is words even with --json.
    private ExitStatus Refuse(LarderException refusal) => new FailureReport(call, isJson: false).Write(refusal);

    private async Task<ExitStatus> ExecuteAsync(RestorePlan plan, CancellationToken cancellationToken)
    {
        foreach (var warning in plan.Warnings)
        {
            call.Words.Warn(warning);
        }
        RestoreResult result;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            result = await RestoreRun.ExecuteAsync(plan, progress, cancellationToken);
        }
        call.Answer(() => RestoreJson.Write(result), () => ResultText(plan, result));
        foreach (var warning in result.Warnings)
        {
            call.Words.Warn(warning.Path.Length > 0 ? $"{warning.Path}: {warning.Reason}" : warning.Reason);
        }
        return result.Warnings.Count > 0 ? ExitStatus.Partial : ExitStatus.Done;
    }

    private static string PlanText(RestorePlan plan, Ink ink)
    {
        var text = new StringBuilder();
        text.Append($"Restore of backup {ink.Bold(plan.ShortId)}{(plan.Job is { } job ? $" of job {job}" : "")} ({plan.Timestamp}) ");
        text.Append($"from repository {plan.Repository}");
        text.Append(plan.Entry is { } entry ? $", only {TextWidth.Plain(entry)}:\n" : ":\n");
        foreach (var line in plan.Lines)
        {
            if (line.Steps.Count > 0 || line.Replaced.Count > 0)
            {
                AppendServer(text, line, ink);
                continue;
            }
            text.Append($"\n  {ink.Bold(line.Source)} ({line.Engine}): {Show.Count(line.Files, "file")}, {Show.Bytes(line.Bytes)}\n");
            text.Append($"    to        {TextWidth.Plain(line.Target)}{(line.InPlace ? " (in place)" : "")}\n");
            text.Append($"    replaces  {(line.Overwritten == 0 ? "nothing" : Show.Count(line.Overwritten, "file"))}\n");
            foreach (var example in line.OverwrittenExamples)
            {
                text.Append($"              {TextWidth.Plain(example)}\n");
            }
            if (line.LeftAlone > 0)
            {
                text.Append($"    leaves    {Show.Number(line.LeftAlone)} that are there and not in the backup\n");
            }
            var room = line.FreeBytes is { } free ? $" of {Show.Bytes(free)} free" : "";
            text.Append($"    needs     {Show.Bytes(line.NeededBytes)}{room}\n");
        }
        foreach (var (at, stage) in plan.Stages.Index())
        {
            text.Append($"{(at == 0 ? "\n" : "")}  {at + 1,2}. {TextWidth.Plain(stage)}\n");
        }
        if (plan.EstimatedSeconds is { } estimate)
        {
            text.Append($"\n  about {Show.Seconds(estimate)}, by restores of this job before\n");
        }
        foreach (var refusal in plan.Refusals)
        {
            text.Append($"\n  {ink.Red("refused")} {refusal.Source}: {TextWidth.Plain(refusal.Reason)}\n");
        }
        return text.ToString();
    }

    private static void AppendServer(StringBuilder text, RestoreLine line, Ink ink)
    {
        const int shownMax = 20;
        text.Append($"\n  {ink.Bold(line.Source)} ({line.Engine}): {Show.Bytes(line.Bytes)}\n");
        text.Append($"    to        {TextWidth.Plain(line.Target)}{(line.InPlace ? " (in place)" : "")}\n");
        text.Append($"    replaces  {(line.Replaced.Count == 0 ? "nothing" : ink.Yellow(Show.Count(line.Replaced.Count, "object")))}\n");
        foreach (var replaced in line.Replaced.Take(shownMax))
        {
            text.Append($"              {TextWidth.Plain(replaced)}\n");
        }
        if (line.Replaced.Count > shownMax)
        {
            text.Append($"              and {Show.Number(line.Replaced.Count - shownMax)} more\n");
        }
        foreach (var (at, step) in line.Steps.Index())
        {
            text.Append($"    {(at == 0 ? "steps" : "     ")}     {at + 1}. {TextWidth.Plain(step)}\n");
        }
    }

    private static string ResultText(RestorePlan plan, RestoreResult result)
    {
        var text = new StringBuilder();
        List<string> what =
        [
            .. result.Files > 0 || plan.Lines.All(line => line.Steps.Count == 0) ? new[] { Show.Count(result.Files, "file") } : [],
            .. result.Entries.Count == 0 && plan.Lines.Any(line => line.Steps.Count > 0) ? ["definitions"] : Array.Empty<string>(),
            .. result.Entries.GroupBy(entry => entry.Kind).Select(kind => Show.Count(kind.Count(), kind.Key)),
            .. result.Entries.Any(entry => entry.Rows is not null)
                ? [Show.Count(result.Entries.Sum(entry => entry.Rows ?? 0), "row")]
                : Array.Empty<string>(),
        ];
        text.Append($"Restored backup {plan.ShortId}: {string.Join(", ", what)}, {Show.Bytes(result.Bytes)} ");
        text.Append($"in {Show.Seconds(result.DurationSeconds)}");
        text.Append(result.Verified ? ", compared with the backup and equal.\n" : ".\n");
        foreach (var target in result.Targets)
        {
            text.Append($"  to {TextWidth.Plain(target)}\n");
        }
        foreach (var replaced in result.Replaced)
        {
            text.Append($"  what was there is kept as {TextWidth.Plain(replaced)}\n");
        }
        if (result.SafetyBackup is { } safety)
        {
            text.Append($"  what was there is also in the safety backup {safety[..8]}\n");
        }
        if (result.Replaced.Count > 0 || result.SafetyBackup is not null)
        {
            text.Append($"  undo it with: larder rollback {result.RunId} --confirm\n");
        }
        return text.ToString();
    }
}
