using System.Text;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Backups;
using Larder.Engine.Errors;
using Larder.Engine.Restore;
using Larder.Engine.Restore.Transaction;

namespace Larder.Cli.Commands;

/// <summary>`larder rollback`.</summary>
internal sealed class RollbackCommand
{
    private readonly Operand run = new(
        "RUN", "The restore to undo, by the beginning of its run id; without it the last one.", ValueKind.Text, 0, 1);
    private readonly Flag toDeploy = new("--to-deploy", $"Restore the newest backup with the tag {DeployBackup.Tag} in place instead.");
    private readonly Settings only = new("--only", "SOURCE", "With --to-deploy, only this source; may be repeated.");
    private readonly Flag dryRun = new("--dry-run", "Print the plan, and do nothing.");
    private readonly Flag confirm = new("--confirm", "Do it. Without this the plan is printed and nothing is done.");

    public static LarderCommand Create() => new RollbackCommand().Build();

    private LarderCommand Build() => new("rollback", "Undo a restore: what it replaced takes its place again.")
    {
        Arguments = { run },
        Options = { toDeploy, only, dryRun, confirm },
        Run = RunAsync,
        Details = "What a restore replaced is kept beside what took its place for as long as `keep_safety` of the job says, by default\n"
            + "7 days. What it had restored, with all that was written to it since, is kept as long after a rollback.",
        Examples =
        [
            new("larder rollback", "what undoing the last restore would put back; nothing is done"),
            new("larder rollback --confirm", "undo the last restore"),
            new("larder backup shop --tag pre-deploy && ./deploy || larder rollback --to-deploy --confirm", "a deployment with a way back"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Refused, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "With --confirm: `run_id` (of the restore), `backup_id`, `status`, `targets`, `kept`, `duration_seconds`. Without, the "
            + "plan: `run_id`, `backup_id`, `short_id`, `job`, `restored_at`, `kept_until`, `lines` (array of `source`, `engine`, "
            + "`target`, `way`, `kept`). With --to-deploy, what `larder restore` prints.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        if (call.Has(toDeploy))
        {
            return await ToDeployAsync(call, cancellationToken);
        }
        if (call.NamesOf(only).Count > 0)
        {
            throw new LarderException(EngineError.UsageInvalid, "--only goes with --to-deploy: a restore is rolled back as a whole.");
        }
        var isConfirmed = call.Has(confirm) && !call.Has(dryRun);
        var engine = isConfirmed ? call.EngineWithCatalog : call.Engine;
        if (isConfirmed)
        {
            await Recovering.RunAsync(call, engine, cancellationToken);
        }
        var plan = RollbackPlan.Compute(engine, call.ValueOf(run));
        if (!isConfirmed)
        {
            call.Answer(() => RestoreJson.Write(plan), () => PlanText(plan, call.OutInk));
            return call.Has(dryRun)
                ? ExitStatus.Done
                : new FailureReport(call, isJson: false).Write(
                    new LarderException(EngineError.ConfirmationMissing, "Nothing was rolled back: --confirm is missing."));
        }
        RollbackResult result;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            result = await RollbackRun.ExecuteAsync(plan, progress, cancellationToken);
        }
        call.Answer(() => RestoreJson.Write(result), () => ResultText(result));
        return ExitStatus.Done;
    }

    private async Task<ExitStatus> ToDeployAsync(Call call, CancellationToken cancellationToken)
    {
        if (call.ValueOf(run) is not null)
        {
            throw new LarderException(EngineError.UsageInvalid, "RUN and --to-deploy say two different things; give one of them.");
        }
        var deploy = DeployBackup.Newest(await call.Engine.Library.ListAsync(null, cancellationToken));
        call.Words.Say($"The newest backup before a deployment is {deploy.ShortId} of job \"{deploy.Job}\" ({deploy.Timestamp}).");
        var request = new RestoreRequest
        {
            Backup = deploy.BackupId,
            Only = call.NamesOf(only),
            IsConfirmed = call.Has(confirm) && !call.Has(dryRun),
        };
        return await new RestoreAnswer(call, call.Has(dryRun)).RunAsync(request, cancellationToken);
    }

    private static string PlanText(RollbackPlan plan, Ink ink)
    {
        var text = new StringBuilder();
        text.Append($"Rollback of restore {ink.Bold(plan.RunId)} of backup {plan.ShortId}");
        text.Append($"{(plan.Job is { } job ? $" of job {job}" : "")}, done {plan.RestoredAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}:\n");
        foreach (var line in plan.Lines)
        {
            text.Append($"\n  {ink.Bold(line.Source)} ({line.Engine}): {TextWidth.Plain(line.Target)}\n");
            text.Append(line.Way switch
            {
                "exchange" when line.Kept.Count > 0 => "    what stood there takes its place again, from\n",
                "exchange" => "    nothing had stood there; nothing will stand there again\n",
                "with_folder" => "    what stood there comes back with the folder that it lies in\n",
                "safety_backup" => "    what stood there is written back from the safety backup\n",
                _ => "    nothing had stood there that could be put back\n",
            });
            foreach (var kept in line.Kept)
            {
                text.Append($"      {TextWidth.Plain(kept)}\n");
            }
        }
        return text.Append($"\n  It can be done until {plan.KeptUntil.ToLocalTime():yyyy-MM-dd HH:mm}.\n").ToString();
    }

    private static string ResultText(RollbackResult result)
    {
        var text = new StringBuilder($"Rolled back restore {result.RunId} in {Show.Seconds(result.DurationSeconds)}.\n");
        foreach (var target in result.Targets)
        {
            text.Append($"  what stood there before is live again: {TextWidth.Plain(target)}\n");
        }
        foreach (var kept in result.Kept)
        {
            text.Append($"  what had been restored is kept as {TextWidth.Plain(kept)}\n");
        }
        return text.ToString();
    }
}
