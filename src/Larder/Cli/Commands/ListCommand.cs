using Larder.Cli.Output;
using Larder.Engine.Backups;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder list`.</summary>
internal sealed class ListCommand
{
    private readonly Operand job = new("JOB", "Only the backups of this job.", ValueKind.Job, 0, 1);
    private readonly Flag safety = new("--safety", "The safety backups too, which restores made of what they replaced.");
    private readonly Flag size = new("--size", "With the size of each backup, and what it added.");

    public static LarderCommand Create() => new ListCommand().Build();

    private LarderCommand Build() => new("list", "List the backups of all repositories, newest first.")
    {
        Arguments = { job },
        Options = { size, safety },
        Run = RunAsync,
        TakesRepository = true,
        Details =
            "What is listed is read from the repositories themselves. CATEGORY is the slot that a backup fills under the job's retention.",
        Examples =
        [
            new("larder list", "everything"),
            new("larder list journal --size", "one job, with sizes"),
            new("larder list --json | jq -r '.[0].backup_id'", "the id of the newest backup"),
        ],
        Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "An array of backups, newest first, each as `larder backup --json` prints it.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var only = call.ValueOf(job);
        var all = await call.Engine.Library.ListAsync(call.Repository, cancellationToken);
        List<Backup> backups =
            [.. all.Where(backup => (only is null || backup.Job == only) && (!backup.IsSafety || call.Has(safety)))];
        if (only is not null && backups.Count == 0)
        {
            _ = call.Engine.JobOf(only); // A name that is in neither place is a slip.
        }
        if (backups.Count == 0)
        {
            call.Words.Say("There is no backup yet.");
        }
        if (call.IsJson)
        {
            call.Print(BackupJson.Write(backups));
        }
        else if (backups.Count > 0)
        {
            call.Print(BackupText.Table(backups, call.Has(size), call.OutInk));
        }
        return ExitStatus.Done;
    }
}
