using System.Text;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Drills;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder drill`.</summary>
internal sealed class DrillCommand
{
    private const int EntriesShownMax = 50;

    private readonly Operand name = new(
        "JOB|BACKUP", "A job, whose latest backup is drilled, or a backup; every job's latest without one.", ValueKind.Backup, 0, 1);
    private readonly Settings only = new("--only", "SOURCE", "Only this source; may be repeated. A part is no verdict on the whole.");
    private readonly Setting check = new(
        "--check", "FILE", "Drill nothing; say whether this evidence of a drill is genuine.", ValueKind.Path);

    public static LarderCommand Create() => new DrillCommand().Build();

    private LarderCommand Build() => new("drill", "Prove a backup by restoring it into something that is thrown away.")
    {
        Arguments = { name },
        Options = { only, check },
        Run = RunAsync,
        TakesRepository = true,
        Details =
            """
            Every source is restored for real: a dump into a server that is started for it (PostgreSQL, MongoDB, MariaDB, by the programs of
            this machine) or into the scratch server that `drill.servers` of the job names; files and SQLite databases into a folder. All of
            it is read back and compared with the manifest, entry by entry, and the assertions of `drill.assert` are asked. Then all is
            removed, also when larder is killed. No live data are touched, and nothing is stopped.
            The verdict is noted on the backup (`larder list`), and signed evidence is written to the state directory. Exit status 1 means
            that the drill could not be done: that is no pass.
            """,
        Examples =
        [
            new("larder drill", "the latest backup of every job"),
            new("larder drill journal", "the latest backup of one job"),
            new("larder drill 20240708_143022 --only db", "one source of one backup"),
            new("larder --json drill journal", "figures for a report: RTO, every entry, every assertion"),
            new("larder drill --check /var/lib/larder/drills/0190b2c4.json", "is this evidence ours, and unchanged?"),
        ],
        Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "An object: `status` (success or failed), `rto_seconds`, `entries` (array of `source`, `entry`, `kind`, `rows`, "
            + "`recorded`, `match`, `fingerprint`, `difference`), `assertions` (array of `source`, `kind`, `text`, `passed`, `message`), "
            + "`drills` (array, one for each backup, of `report`: `run_id`, `job`, `backup_id`, `short_id`, `timestamp`, `repository`, "
            + "`manifest_sha256`, `started_at`, `finished_at`, `status`, `rto_seconds`, `sources`, `steps` (array of `source`, `step`, "
            + "`seconds`), `entries`, `assertions`, `errors` (array of `code`, `message`, `hint`, `source`), `hints`, `larder_version`, "
            + "`host`; `evidence`, the file; `tagged`, the repositories in which the verdict was noted). With --check: `genuine`, "
            + "`run_id`, `job`, `backup_id`, `status`, "
            + "`finished_at`, `key`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        if (call.ValueOf(check) is { } file)
        {
            return Check(call, file);
        }
        var request = new DrillRequest { Name = call.ValueOf(name), Repository = call.Repository, Only = call.NamesOf(only) };
        DrillSummary summary;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            summary = await new DrillRun(call.EngineWithCatalog, request, progress).ExecuteAsync(cancellationToken);
        }
        call.Answer(summary.ToJson, () => string.Join('\n', summary.Drills.Select(drill => Text(drill, call.OutInk))));
        foreach (var drill in summary.Drills)
        {
            foreach (var hint in drill.Report.Hints)
            {
                call.Words.Warn(hint);
            }
            foreach (var error in drill.Report.Errors)
            {
                call.Words.WriteLine($"{error.Code} {TextWidth.Plain(error.Message)}\nHINT: {error.Hint}");
            }
        }
        return summary.ExitStatus;
    }

    private ExitStatus Check(Call call, string file)
    {
        if (call.ValueOf(name) is not null || call.ValuesOf(only).Count > 0)
        {
            throw new LarderException(EngineError.UsageInvalid, "--check looks at a file of evidence, and drills nothing.");
        }
        var found = Evidence.Check(call.Engine.Configuration.StateDirectory, Path.GetFullPath(file));
        call.Answer(
            () => JsonText.Of(found.ToJson()),
            () => $"Genuine: run {found.RunId} drilled backup {found.BackupId?[..8] ?? "-"} of job {found.Job} on "
                + $"{Show.Moment(found.FinishedAt, TimeZoneInfo.Local)}: {found.Status}. Signed with the key {found.Key}.");
        return ExitStatus.Done;
    }

    private static string Text(FinishedDrill drill, Ink ink)
    {
        var report = drill.Report;
        var text = new StringBuilder();
        text.Append($"Drill of {(report.ShortId is { } id ? $"backup {ink.Bold(id)} of job" : "job")} {report.Job}");
        text.Append(report.Timestamp is { } timestamp ? $" ({timestamp}): " : ": ");
        text.Append(report.Status == "success" ? ink.Green("success") : ink.Red("failed"));
        text.Append(report.RtoSeconds is { } rto ? $", restored and compared in {Show.Seconds(rto)}\n" : "\n");
        foreach (var source in report.Sources)
        {
            text.Append($"\n  {ink.Bold(source.Source)} ({source.Engine}){(source.Where is { } where ? $" into {where}" : "")}\n");
            AppendEntries(text, [.. report.Entries.Where(entry => entry.Source == source.Source)], ink);
            foreach (var assertion in report.Assertions.Where(assertion => assertion.Source == source.Source))
            {
                text.Append($"    {(assertion.Passed ? ink.Green("true") : ink.Red("FALSE"))}  {TextWidth.Plain(assertion.Text)}\n");
            }
            var steps = report.Steps.Where(step => step.Source == source.Source).GroupBy(step => step.Step)
                .Select(step => $"{step.Key.Replace('_', ' ')} {Show.Seconds(step.Sum(one => one.Seconds))}");
            text.Append($"    took  {string.Join(", ", steps)}\n");
        }
        if (drill.Evidence is { } evidence)
        {
            text.Append($"\n  evidence  {TextWidth.Plain(evidence)}\n");
        }
        return text.ToString();
    }

    private static void AppendEntries(StringBuilder text, IReadOnlyList<DrilledEntry> entries, Ink ink)
    {
        if (entries.Count == 0)
        {
            return;
        }
        var table = new Table("    ENTRY", "KIND", ">FOUND", ">RECORDED", "MATCH");
        var shown = entries.OrderBy(entry => entry.Match).Take(EntriesShownMax).ToList(); // What differs is never cut away.
        foreach (var entry in shown)
        {
            table.AddPainted(
                4,
                entry.Match ? ink.Green : ink.Red,
                $"    {entry.Entry}",
                entry.Kind,
                entry.Rows is { } rows ? Show.Number(rows) : "-",
                entry.Recorded is { } recorded ? Show.Number(recorded) : "-",
                entry.Match ? "yes" : "NO");
        }
        text.Append(table.Render(ink));
        if (entries.Count > shown.Count)
        {
            text.Append($"    and {Show.Number(entries.Count - shown.Count)} more that match\n");
        }
    }
}
