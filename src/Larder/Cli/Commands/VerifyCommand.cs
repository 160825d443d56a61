using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.SelfTests;
using Larder.Engine.Verify;
using Larder.Repository.Maintenance;

namespace Larder.Cli.Commands;

/// <summary>`larder verify`.</summary>
internal sealed class VerifyCommand
{
    private readonly Operand names = new(
        "BACKUP|JOB", "Backups, or jobs with all their backups; whole repositories without one.", ValueKind.Backup, 0, Operand.AnyNumber);
    private readonly Setting level = new(
        "--level", "LEVEL", "How deep to look; data by default.", ValueKind.Text, "structure", "data", "content");
    private readonly Setting subset = new(
        "--subset", "PART/OF", "Read only this share of the data, such as 1/7 on the first day of seven.");

    private readonly Setting reportFile = new(
        "--report", "FILE", "Write the report as text to this file too; validation-report.txt in a folder.", ValueKind.Path);

    private readonly Setting test = new(
        "--test", "NAME", "Try one part of this installation instead, or all.", ValueKind.Text, [.. SelfTestRun.Names, SelfTestRun.All]);

    public static LarderCommand Create() => new VerifyCommand().Build();

    private LarderCommand Build() => new("verify", "Prove that backups can be read, and name what is damaged.")
    {
        Arguments = { names },
        Options = { level, subset, reportFile, test },
        Run = RunAsync,
        TakesRepository = true,
        Details = "structure: every file is there, and every reference leads somewhere. data: besides, every stored byte is decrypted and\n"
            + "hashed, whole or a share. content: besides, dumps are opened, rows counted and compared with the manifest, and figures\n"
            + "compared with the backups before: of each job the newest good one, or the backups that are named. The report of whole\n"
            + "repositories or jobs is also kept as validation-report.txt in the state directory.\n"
            + "\n"
            + "--test tries this installation: executable (libraries and programs), database (every source answers), backup (the smallest\n"
            + "source into a throwaway repository and back), integrity (the newest backup of each job), restore (the newest into a\n"
            + "temporary folder; for servers the plan alone), cleanup (planned), stats, schedule (comes again, missed nothing).",
        Examples =
        [
            new("larder verify", "every stored byte of all repositories"),
            new("larder verify --level structure", "a quick look that reads no data"),
            new("larder verify --subset 3/7", "a seventh of the data"),
            new("larder verify latest --level content", "one backup, to the last row"),
            new("larder verify journal --level content --report /tmp", "a job, with the report as a file"),
            new("larder verify --test restore", "whether the newest backups come back"),
        ],
        Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "An object: `status` (success or failed), `level`, `subset`, `run_id`, `started_at`, `duration_seconds`, `checked` (object "
            + "of counts: `repositories`, `backups`, `packs`, `packs_read`, `bytes_read`, `blobs`, `contents`, `entries`, `rows`, "
            + "`content_bytes`), `errors` (array of `code`, `message`, `file`, `repository`, `backups`), `hints`. With "
            + "--test: `status`, `tests` (array "
            + "of `name`, `status` (passed, failed or skipped), `message`, `duration_seconds`).",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        if (call.ValueOf(test) is { } name)
        {
            return await TestAsync(call, name, cancellationToken);
        }
        var jobs = call.Engine.Configuration.Jobs;
        var ofJobs = call.ValuesOf(names).Where(jobs.ContainsKey).ToList();
        var ofBackups = call.ValuesOf(names).Except(ofJobs, StringComparer.Ordinal).ToList();
        if (ofJobs.Count > 0 && ofBackups.Count > 0)
        {
            throw new LarderException(
                EngineError.UsageInvalid,
                $"\"{ofJobs[0]}\" is a job and \"{ofBackups[0]}\" is none; jobs and backups are verified by themselves.")
            {
                Hint = $"name the job's newest backup as {ofJobs[0]}:latest.",
            };
        }
        var request = new VerifyRequest
        {
            Backups = ofBackups,
            Jobs = ofJobs,
            Repository = call.Repository,
            Level = call.ValueOf(level) switch
            {
                "structure" => VerifyLevel.Structure,
                "content" => VerifyLevel.Content,
                _ => VerifyLevel.Data,
            },
            Subset = SubsetOf(call.ValueOf(subset)),
        };
        if (call.ValueOf(subset) is not null && request.Level == VerifyLevel.Structure)
        {
            throw new LarderException(EngineError.UsageInvalid, "--subset is a share of the data, which --level structure does not read.")
            {
                Hint = "leave --level structure away.",
            };
        }
        VerifyReport report;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            report = await new VerifyRun(call.EngineWithCatalog, request, progress).ExecuteAsync(cancellationToken);
        }
        call.Answer(report.ToJson, () => VerifyText.Write(report));
        if (call.ValueOf(reportFile) is { } path)
        {
            call.Words.Say($"The report is in {WriteReport(path, report)}.");
        }
        return report.ExitStatus;
    }

    private async Task<ExitStatus> TestAsync(Call call, string name, CancellationToken cancellationToken)
    {
        if (call.ValuesOf(names).Count > 0 || call.ValueOf(level) is not null || call.ValueOf(subset) is not null
            || call.ValueOf(reportFile) is not null || call.Repository is not null)
        {
            throw new LarderException(EngineError.UsageInvalid, "--test tries the installation; it takes no backup and no other option.");
        }
        SelfTestReport report;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            report = await new SelfTestRun(DoctorCommand.SurroundingsOf(call), call.EngineWithCatalog, progress)
                .ExecuteAsync(name, cancellationToken);
        }
        call.Answer(report.ToJson, () => string.Join('\n', report.Tests.Select(
            one => $"{call.OutInk.Status(one.Status)}{new string(' ', "skipped".Length - one.Status.Length)}  "
                + $"{call.OutInk.Bold(one.Name)}: "
                + TextWidth.Plain(one.Message))));
        return report.ExitStatus;
    }

    private static string WriteReport(string path, VerifyReport report)
    {
        try
        {
            return ReportFile.Write(path, VerifyText.Write(report));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LarderException(EngineError.UsageInvalid, $"The report cannot be written to {path}: {e.Message}", e)
            {
                Hint = "name a file in a folder that this user may write to.",
            };
        }
    }

    private static CheckSubset SubsetOf(string? text) => text switch
    {
        null => CheckSubset.Whole,
        _ when CheckSubset.TryParse(text, out var subset) => subset,
        _ => throw new LarderException(EngineError.UsageInvalid, $"--subset takes a share such as 1/7, and not \"{text}\"."),
    };
}
