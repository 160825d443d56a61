using System.Text;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Restore;

namespace Larder.Cli.Commands;

/// <summary>`larder restore`.</summary>
internal sealed class RestoreCommand
{
    private readonly Operand name = new("BACKUP", ShowCommand.Naming, ValueKind.Backup, 1, 1);
    private readonly Settings only = new("--only", "SOURCE", "Only this source; may be repeated.");
    private readonly Setting entry = new("--entry", "ENTRY", "One file or folder of a source, as `larder ls` shows it.");
    private readonly Setting target = new("--target", "PATH", "Write here; without it, back in place.", ValueKind.Path);
    private readonly Flag dryRun = new("--dry-run", "Print the plan, and do nothing.");
    private readonly Flag confirm = new("--confirm", "Do it. Without this the plan is printed and nothing is done.");

    public static LarderCommand Create() => new RestoreCommand().Build();

    private LarderCommand Build() => new("restore", "Restore a backup, beside the live data or in its place.")
    {
        Arguments = { name },
        Options = { only, entry, target, dryRun, confirm },
        Run = RunAsync,
        TakesRepository = true,
        Details = RestoreHelp.TargetRules,
        Examples =
        [
            new("larder restore latest", "the plan of a restore in place; nothing is done"),
            new("larder restore latest --target /tmp/look --confirm", "everything, somewhere else"),
            new("larder restore journal:20240708_143022 --only db --confirm", "a database in place; the replaced one is kept beside it"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Refused, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "With --confirm: `run_id`, `backup_id`, `status`, `files`, `bytes`, `duration_seconds`, `targets`, `replaced`, `warnings` (array of `path`, "
            + "`reason`), `verified`. Without, or with --dry-run, the plan: `backup_id`, `short_id`, `job`, `timestamp`, `repository`, `entry`, `lines` (array of "
            + "`source`, `engine`, `target`, `in_place`, `files`, `folders`, `bytes`, `overwritten`, `overwritten_examples`, `left_alone`, `needed_bytes`, "
            + "`free_bytes`), `refusals` (array of `source`, `reason`), `warnings`, `is_confirmed`, `files`, `bytes`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var request = new RestoreRequest
        {
            Backup = call.ValueOf(name)!,
            Repository = call.Repository,
            Only = call.NamesOf(only),
            Entry = call.ValueOf(entry),
            Target = call.ValueOf(target),
            IsConfirmed = call.Has(confirm) && !call.Has(dryRun),
        };
        var engine = request.IsConfirmed ? call.EngineWithCatalog : call.Engine;
        var plan = await RestorePlan.ComputeAsync(engine, request, cancellationToken);
        return plan.IsConfirmed && plan.Refusals.Count == 0
            ? await ExecuteAsync(call, plan, cancellationToken)
            : ShowPlan(call, plan);
    }

    private ExitStatus ShowPlan(Call call, RestorePlan plan)
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
            return Refuse(call, new LarderException(EngineError.PrerequisiteFailed, $"The restore is refused. {reasons}") { Context = context });
        }
        return call.Has(dryRun)
            ? ExitStatus.Done
            : Refuse(call, new LarderException(EngineError.ConfirmationMissing, "Nothing was restored: --confirm is missing.") { Context = context });
    }

    // The plan is the one document of stdout, so the refusal is words even with --json.
    private ExitStatus Refuse(Call call, LarderException refusal) => new FailureReport(call, isJson: false).Write(refusal);

    private async Task<ExitStatus> ExecuteAsync(Call call, RestorePlan plan, CancellationToken cancellationToken)
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
        text.Append($"Restore of backup {ink.Bold(plan.ShortId)}{(plan.Job is { } job ? $" of job {job}" : "")} ({plan.Timestamp}) from repository {plan.Repository}");
        text.Append(plan.Entry is { } entry ? $", only {TextWidth.Plain(entry)}:\n" : ":\n");
        foreach (var line in plan.Lines)
        {
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
            text.Append($"    needs     {Show.Bytes(line.NeededBytes)}{(line.FreeBytes is { } free ? $" of {Show.Bytes(free)} free" : "")}\n");
        }
        foreach (var refusal in plan.Refusals)
        {
            text.Append($"\n  {ink.Red("refused")} {refusal.Source}: {TextWidth.Plain(refusal.Reason)}\n");
        }
        return text.ToString();
    }

    private static string ResultText(RestorePlan plan, RestoreResult result)
    {
        var text = new StringBuilder();
        text.Append($"Restored backup {plan.ShortId}: {Show.Count(result.Files, "file")}, {Show.Bytes(result.Bytes)} in {Show.Seconds(result.DurationSeconds)}");
        text.Append(result.Verified ? ", compared with the backup and equal.\n" : ".\n");
        foreach (var target in result.Targets)
        {
            text.Append($"  to {TextWidth.Plain(target)}\n");
        }
        foreach (var replaced in result.Replaced)
        {
            text.Append($"  what was there is kept as {TextWidth.Plain(replaced)}\n");
        }
        return text.ToString();
    }
}
