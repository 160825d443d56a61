using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Sync;

namespace Larder.Cli.Commands;

/// <summary>`larder sync`.</summary>
internal sealed class SyncCommand
{
    private readonly Operand job = new("JOB", "The job whose local and remote database are meant.", ValueKind.Job, 1, 1);
    private readonly Flag dryRun = new("--dry-run", "Count what would be copied, updated and in conflict, and write nothing.");

    public static LarderCommand Create() => new SyncCommand().Build();

    private LarderCommand Build() => new("sync", "Bring a local and a remote MongoDB database in step, both ways.")
    {
        Arguments = { job },
        Options = { dryRun },
        Run = RunAsync,
        Details = "What one side lacks is copied; of what both have the newer one wins, by the field of `sync` (updatedAt). Where that\n"
            + "does not say, the local side wins, and that is a conflict. Nothing is removed on either side. A backup of the job does the\n"
            + "same before it begins. \"larder runs --show latest\" shows the log, with the _id of each conflict.",
        Examples =
        [
            new("larder sync temple --dry-run", "what would happen"),
            new("larder sync temple", "do it"),
            new("larder runs --kind sync", "what was done before"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Refused, ExitStatus.Locked],
        Json = "`job`, `status` (success, or partial where a server refused documents), `dry_run`, `run_id`, `collections` (array of "
            + "`collection`, `created_on`, `copied_to_remote`, `copied_to_local`, `updated_on_remote`, `updated_on_local`, "
            + "`changed_meanwhile`, `conflicts`, `refused`, `named` (array of `id`, `refused`, `reason`)), `left_out` (array of "
            + "`collection`, `reason`), `duration_seconds`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var isPlan = call.Has(dryRun);
        SyncReport report;
        var progress = new RunProgress();
        var run = new SyncRun(isPlan ? call.Engine : call.EngineWithCatalog, call.ValueOf(job)!, progress);
        await using (call.Show(progress))
        {
            report = isPlan ? await run.PlanAsync(cancellationToken) : await run.ExecuteAsync(cancellationToken);
        }
        if (call.IsJson)
        {
            call.Answer(report.ToNode());
        }
        else
        {
            call.Print(Text(report, call.OutInk));
        }
        foreach (var one in report.LeftOut)
        {
            call.Words.Say(TextWidth.Plain($"Not synced: {one.Path}. {one.Reason}"));
        }
        foreach (var (collection, conflict) in report.Collections.SelectMany(one => one.Named.Select(conflict => (one.Name, conflict))))
        {
            var end = conflict.IsRefused ? "The sides still differ." : isPlan ? "The local side would win." : "The local side won.";
            call.Words.Warn(TextWidth.Plain($"{collection}, _id {conflict.Id}: {conflict.Reason} {end}"));
        }
        return report.ExitStatus;
    }

    private static string Text(SyncReport report, Ink ink)
    {
        if (report.Collections.Count == 0)
        {
            return $"Job {report.Job} has no collections to sync.";
        }
        var table = new Table("COLLECTION", report.IsDryRun ? "WOULD BE" : "DONE");
        foreach (var one in report.Collections)
        {
            table.Add(one.Name, SyncLog.Summary(one));
        }
        return table.Render(ink);
    }
}
