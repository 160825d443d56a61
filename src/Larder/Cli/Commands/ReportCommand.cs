using Larder.Engine.Errors;
using Larder.Engine.Reports;

namespace Larder.Cli.Commands;

/// <summary>`larder report`.</summary>
internal sealed class ReportCommand
{
    private readonly Operand job = new("JOB", "Only this job; all without one.", ValueKind.Job, 0, 1);

    public static LarderCommand Create() => new ReportCommand().Build();

    private LarderCommand Build() => new("report", "Gather what proves the backups, and say what proof is missing.")
    {
        Arguments = { job },
        Run = RunAsync,
        Details = "For each job: the last good backup, the last verification of each level, the last drill, restores and rollbacks, and\n"
            + "what is kept to undo them. It reads and changes nothing. It fails where a job has no good backup or a "
            + "repository cannot be read.",
        Examples =
        [
            new("larder report", "all jobs"),
            new("larder report journal --json", "one job, for a program"),
        ],
        Statuses = [ExitStatus.Failed],
        Json = "An object: `status` (success or failed), `created_at`, `jobs` (array of `job`, `backups`, `last_good` (object of "
            + "`backup_id`, `short_id`, `timestamp`, `created_at`, `size_bytes`, `repositories`, or null), `verifications` (array of "
            + "`job`, `level`, `subset`, `scope` (all or named), `status`, `run_id`, `finished_at`, `repositories`, "
            + "`errors`), `last_drill` "
            + "(object of `run_id`, `status`, `finished_at`, `backup_id`, `rto_seconds`, `evidence`, or null), `restores` (array of "
            + "`run_id`, `kind`, `status`, `started_at`, `backup_id`, `error`), `kept` (array of `run_id`, `targets`, `kept_until`), "
            + "`missing` (array of sentences)), `unreadable` (array of sentences).",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var report = await new ProofReading(call.EngineWithCatalog).ExecuteAsync(call.ValueOf(job), cancellationToken);
        call.Answer(report.ToJson, () => ProofText.Write(report));
        return report.ExitStatus;
    }
}
