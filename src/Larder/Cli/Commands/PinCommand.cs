using Larder.Engine.Cleanup;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder pin` and `larder unpin`.</summary>
internal sealed class PinCommand(string name, bool pinned)
{
    private readonly Operand names = new("BACKUP", ShowCommand.Naming, ValueKind.Backup, 1, Operand.AnyNumber);

    public static LarderCommand Create(string name, bool pinned) => new PinCommand(name, pinned).Build();

    private LarderCommand Build() =>
        new(name, pinned ? "Keep backups for ever: retention and remove leave them alone." : "Give pinned backups back to retention.")
    {
        Arguments = { names },
        Run = RunAsync,
        Details = "The pin is a tag in the repositories, so it survives the loss of this machine. The backup keeps its id.",
        Examples =
        [
            new($"larder {name} 20240708_143022", pinned ? "the backup before the great migration" : "it may go when its time has come"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "`status`, `backups` (array of `backup_id`, `short_id`, `timestamp`, `job`, `pinned`, `changed`: the repositories where it "
            + "was not so before), `hints`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var report = await new PinRun(call.EngineWithCatalog, call.ValuesOf(names), pinned).ExecuteAsync(cancellationToken);
        call.Answer(report.ToJson, () => string.Join('\n', report.Backups.Select(Line)));
        CleanupCommand.Hint(call, report.Hints);
        if (report.Error is { } error)
        {
            call.Words.WriteLine(error.ToString());
        }
        return report.ExitStatus;
    }

    private static string Line(PinnedBackup backup) =>
        $"Backup {backup.ShortId} of job {backup.Job} ({backup.Timestamp}) is "
            + $"{(backup.Pinned ? "pinned" : "not pinned")}{(backup.Changed.Count == 0 ? " already" : "")}.";
}
