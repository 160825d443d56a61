using System.Text;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Cleanup;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder cleanup`.</summary>
internal sealed class CleanupCommand
{
    private readonly Operand job = new("JOB", "Only the backups of this job; all configured jobs without one.", ValueKind.Job, 0, 1);
    private readonly Flag dryRun = new("--dry-run", "Print what would be kept and removed and why, and do nothing.");

    public static LarderCommand Create() => new CleanupCommand().Build();

    private LarderCommand Build() => new("cleanup", "Remove the backups that retention does not keep, and free their space.")
    {
        Arguments = { job },
        Options = { dryRun },
        Run = RunAsync,
        TakesRepository = true,
        Details =
            "Good backups are counted, not days: where nothing new was backed up, nothing old is removed. Pinned backups and the last\n"
            + "good one of a job always stay.",
        Examples =
        [
            new("larder cleanup --dry-run", "what would happen, with a reason for every line"),
            new("larder cleanup journal", "one job"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "`status`, `run_id`, `deleted` (array of `backup_id`, `short_id`, `timestamp`, `job`, `repositories`), `freed_bytes`, "
            + "`kept`, `repositories` (array of `repository`, `deleted`, `freed_bytes`, `error_code`, `error_message`), `hints`, "
            + "`duration_seconds`. With --dry-run the plan: `repositories` (array of `repository`, `lines` (array of `backup_id`, "
            + "`short_id`, `timestamp`, `created_at`, `job`, `status`, `pinned`, `keep`, `why`, `category`), `freed_bytes`), `hints`, "
            + "`removals`, `freed_bytes`, `is_nothing`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var engine = call.Has(dryRun) ? call.Engine : call.EngineWithCatalog;
        if (!call.Has(dryRun))
        {
            await Recovering.TryAsync(call, engine, cancellationToken);
        }
        var plan = (await CleanupPlan.ComputeAsync(engine, call.ValueOf(job), cancellationToken)).OnlyIn(call.Repository);
        if (call.Has(dryRun))
        {
            call.Answer(plan.ToJson, () => PlanText(plan, call.OutInk));
            Hint(call, plan.Hints);
            return ExitStatus.Done;
        }

        CleanupReport report;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            report = await new CleanupRun(engine, plan, progress).ExecuteAsync(cancellationToken);
        }
        call.Answer(report.ToJson, () => ReportText(report));
        Hint(call, report.Hints);
        if (report.Error is { } error)
        {
            call.Words.WriteLine(error.ToString());
        }
        return report.ExitStatus;
    }

    public static string ReportText(CleanupReport report)
    {
        var text = new StringBuilder();
        foreach (var backup in report.Deleted)
        {
            text.Append(
                $"Removed {backup.ShortId} of job {backup.Job} ({backup.Timestamp}) from {string.Join(", ", backup.Repositories)}.\n");
        }
        text.Append($"{Show.Count(report.Deleted.Count, "backup")} removed, {Show.Number(report.Kept)} kept, "
            + $"{Show.Bytes(report.FreedBytes)} freed.\n");
        return text.ToString();
    }

    public static void Hint(Call call, IEnumerable<string> hints)
    {
        foreach (var hint in hints)
        {
            call.Words.Say(TextWidth.Plain(hint));
        }
    }

    private static string PlanText(CleanupPlan plan, Ink ink)
    {
        var text = new StringBuilder();
        foreach (var repository in plan.Repositories)
        {
            var table = new Table("", "ID", "TIMESTAMP", "JOB", "STATUS", "WHY");
            foreach (var line in repository.Lines)
            {
                table.AddPainted(
                    0, ink.Status, line.Keep ? "keep" : "remove", line.ShortId, line.Timestamp, line.Job, line.Status, line.Why);
            }
            text.Append($"{ink.Bold(repository.Repository)}\n{table.Render(ink)}\n");
        }
        text.Append($"{Show.Count(plan.Removals, "backup")} would be removed, about {Show.Bytes(plan.FreedBytes)} freed.\n");
        return text.ToString();
    }
}
