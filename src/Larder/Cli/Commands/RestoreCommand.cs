using System.Globalization;
using System.Text;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Restore;
using Larder.Sources.Dumps;

namespace Larder.Cli.Commands;

/// <summary>`larder restore`.</summary>
internal sealed class RestoreCommand
{
    // Each takes 8 MiB to read ahead: 16 of them 128 MiB.
    private const int JobsMax = 16;

    private readonly Operand name = new("BACKUP", ShowCommand.Naming, ValueKind.Backup, 1, 1);
    private readonly Settings only = new("--only", "SOURCE", "Only this source; may be repeated.");
    private readonly Setting entry = new(
        "--entry", "ENTRY", "One file or folder, as `larder ls` shows it; one table, collection or database.");
    private readonly Setting target = new("--target", "URL|PATH", "Write here; without it, back in place.", ValueKind.Path);
    private readonly Setting environment = new("--environment", "ENVIRONMENT", "Write to where the job's environment of this name says.");
    private readonly Setting jobs = new(
        "--jobs", "N", "Tables or collections that a database server is given at once; by default 1 to 4, as processors.");
    private readonly Flag schemaOnly = new("--schema-only", "Of a database server, definitions without rows.");
    private readonly Flag dataOnly = new("--data-only", "Of a database server, rows into tables that are there.");
    private readonly Flag withUsers = new("--with-users", "The accounts of a database server too: roles and globals, users.");
    private readonly Flag dryRun = new("--dry-run", "Print the plan, and do nothing.");
    private readonly Flag confirm = new("--confirm", "Do it. Without this the plan is printed and nothing is done.");

    public static LarderCommand Create() => new RestoreCommand().Build();

    private LarderCommand Build() => new("restore", "Restore a backup, beside the live data or in its place.")
    {
        Arguments = { name },
        Options = { only, entry, target, environment, jobs, schemaOnly, dataOnly, withUsers, dryRun, confirm },
        Run = RunAsync,
        TakesRepository = true,
        Details = RestoreHelp.TargetRules,
        Examples =
        [
            new("larder restore latest", "the plan of a restore in place; nothing is done"),
            new("larder restore latest --target /tmp/look --confirm", "everything, somewhere else"),
            new(
                "larder restore latest --only db --target postgresql://app@db.example.com/app_copy --confirm",
                "a dump into another database"),
            new("larder restore latest --only db --entry users --environment staging", "the plan of one table into the job's staging"),
            new("larder restore journal:20240708_143022 --only db --confirm", "a database in place; the replaced one is kept beside it"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Refused, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "With --confirm: `run_id`, `backup_id`, `status`, `files`, `bytes`, `duration_seconds`, `targets`, `entries` (array of "
            + "`source`, `entry`, `kind`, `rows`, `match`; of database servers), `replaced`, `warnings` (array of `path`, `reason`), "
            + "`verified`. Without, or with --dry-run, the plan: `backup_id`, `short_id`, `job`, `timestamp`, `repository`, `entry`, "
            + "`lines` (array of `source`, `engine`, `target`, `in_place`, `files`, `folders`, `bytes`, `overwritten`, "
            + "`overwritten_examples`, `left_alone`, `needed_bytes`, `free_bytes`, `steps`, `replaced`; the last two of database servers), "
            + "`refusals` (array of `source`, `reason`), `warnings`, `is_confirmed`, `files`, `bytes`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        if (call.Has(schemaOnly) && call.Has(dataOnly))
        {
            throw new LarderException(EngineError.UsageInvalid, "--schema-only and --data-only together leave nothing to restore.");
        }
        var request = new RestoreRequest
        {
            Backup = call.ValueOf(name)!,
            Repository = call.Repository,
            Only = call.NamesOf(only),
            Entry = call.ValueOf(entry),
            Target = call.ValueOf(target),
            Environment = call.ValueOf(environment),
            Part = call.Has(schemaOnly) ? DumpPart.Schema : call.Has(dataOnly) ? DumpPart.Data : DumpPart.All,
            Jobs = JobsOf(call),
            WithUsers = call.Has(withUsers),
            IsConfirmed = call.Has(confirm) && !call.Has(dryRun),
        };
        var engine = request.IsConfirmed ? call.EngineWithCatalog : call.Engine;
        var plan = await RestorePlan.ComputeAsync(engine, request, cancellationToken);
        return plan.IsConfirmed && plan.Refusals.Count == 0
            ? await ExecuteAsync(call, plan, cancellationToken)
            : ShowPlan(call, plan);
    }

    private int? JobsOf(Call call) => call.ValueOf(jobs) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= JobsMax => number,
        var text => throw new LarderException(EngineError.UsageInvalid, $"--jobs takes a number from 1 to {JobsMax}, and not \"{text}\"."),
    };

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
            return Refuse(
                call, new LarderException(EngineError.PrerequisiteFailed, $"The restore is refused. {reasons}") { Context = context });
        }
        return call.Has(dryRun)
            ? ExitStatus.Done
            : Refuse(
                call,
                new LarderException(EngineError.ConfirmationMissing, "Nothing was restored: --confirm is missing.") { Context = context });
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
        text.Append($"Restore of backup {ink.Bold(plan.ShortId)}{(plan.Job is { } job ? $" of job {job}" : "")} ({plan.Timestamp}) from "
            + $"repository {plan.Repository}");
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
            text.Append(
                $"    needs     {Show.Bytes(line.NeededBytes)}{(line.FreeBytes is { } free ? $" of {Show.Bytes(free)} free" : "")}\n");
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
        text.Append($"Restored backup {plan.ShortId}: {string.Join(", ", what)}, {Show.Bytes(result.Bytes)} in "
            + $"{Show.Seconds(result.DurationSeconds)}");
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
