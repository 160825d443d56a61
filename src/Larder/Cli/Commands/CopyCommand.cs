using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

namespace Larder.Cli.Commands;

/// <summary>`larder copy`.</summary>
internal sealed class CopyCommand
{
    private readonly Operand names = new("BACKUP", "Backups to copy; all without one.", ValueKind.Backup, 0, Operand.AnyNumber);
    private readonly Setting from = new("--from", "REPOSITORY", "Copy out of this repository.", ValueKind.Repository) { Required = true };
    private readonly Setting to = new("--to", "REPOSITORY", "Copy into this repository.", ValueKind.Repository) { Required = true };

    public static LarderCommand Create() => new CopyCommand().Build();

    private LarderCommand Build() => new("copy", "Copy backups from one repository into another.")
    {
        Arguments = { names },
        Options = { from, to },
        Run = RunAsync,
        Details = "What the other repository has already is not copied again. A copy keeps the id by which its backup is known.",
        Examples =
        [
            new("larder copy --from local --to offsite", "everything that is missing there"),
            new("larder copy latest --from offsite --to local", "the newest one back"),
        ],
        Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "An object: `run_id`, `from`, `to`, `copied` (array of `backup_id`, `short_id`, `snapshot_id`, `created_at`, `job`), "
            + "`already_there`, `copied_bytes`, `duration_seconds`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var request = new CopyRequest { From = call.ValueOf(from)!, To = call.ValueOf(to)!, Backups = call.ValuesOf(names) };
        if (request.From == request.To)
        {
            throw new LarderException(EngineError.UsageInvalid, "--from and --to name the same repository.");
        }
        CopyReport report;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            report = await new CopyRun(call.EngineWithCatalog, request, progress).ExecuteAsync(cancellationToken);
        }
        call.Answer(
            report.ToJson,
            () => $"Copied {Show.Count(report.Copied.Count, "backup")}, {Show.Bytes(report.CopiedBytes)}, "
                + $"from {report.From} to {report.To} in {Show.Seconds(report.DurationSeconds)}; "
                + $"{Show.Number(report.AlreadyThere)} were there already.");
        return ExitStatus.Done;
    }
}
