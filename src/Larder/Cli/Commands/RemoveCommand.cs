using Larder.Engine;
using Larder.Engine.Cleanup;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder remove`.</summary>
internal sealed class RemoveCommand
{
    private readonly Operand names = new("BACKUP", ShowCommand.Naming, ValueKind.Backup, 1, Operand.AnyNumber);
    private readonly Flag confirm = new("--confirm", "Also the last good backup of a job, and the last that passed a drill.");

    public static LarderCommand Create() => new RemoveCommand().Build();

    private LarderCommand Build() => new("remove", "Remove backups from all repositories, and free their space.")
    {
        Arguments = { names },
        Options = { confirm },
        Run = RunAsync,
        Details = "Never a pinned backup; the last good one of a job, and the last that passed a drill, only with --confirm. "
            + "All go or none.",
        Examples = [new("larder remove 3f9a1c20", "one backup"), new("larder remove 20240708_143022 20240709_143022", "two of them")],
        Statuses = [ExitStatus.Partial, ExitStatus.Refused, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "As `larder cleanup --json`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var request = new RemoveRequest { Backups = call.ValuesOf(names), Force = call.Has(confirm) };
        CleanupReport report;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            report = await new RemoveRun(call.EngineWithCatalog, request, progress).ExecuteAsync(cancellationToken);
        }
        call.Answer(report.ToJson, () => CleanupCommand.ReportText(report));
        CleanupCommand.Hint(call, report.Hints);
        if (report.Error is { } error)
        {
            call.Words.WriteLine(error.ToString());
        }
        return report.ExitStatus;
    }
}
