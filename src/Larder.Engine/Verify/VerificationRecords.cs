using System.Text.Json;
using Larder.Engine.Backups;
using Larder.Engine.Maintenance;

namespace Larder.Engine.Verify;

/// <summary>
/// What remains of verifications, in the state directory: the last one of each job and level as JSON under <c>verifications</c>, and the
/// last page of a whole repository or job as <c>validation-report.txt</c>. That they cannot be written fails no verification.
/// </summary>
public static class VerificationRecords
{
    private const string Folder = "verifications";

    /// <summary>The last of each level of a job, by the order of levels. One that cannot be read is left out.</summary>
    public static IReadOnlyList<VerificationRecord> Read(string stateDirectory, string job) =>
    [
        .. Enum.GetValues<VerifyLevel>().Select(level => ReadOne(PathOf(stateDirectory, job, Word(level)))).OfType<VerificationRecord>(),
    ];

    internal static void Keep(EngineContext context, VerifyRequest request, VerifyReport report, BackupSurvey survey)
    {
        var named = request.Backups.Count > 0;
        var jobs = (named ? Telling(request, report, survey.Backups) : survey.Backups
                .Where(backup => request.Jobs.Count == 0 || request.Jobs.Contains(backup.Job)))
            .Select(backup => backup.Job)
            .Distinct(StringComparer.Ordinal);
        try
        {
            foreach (var job in jobs)
            {
                var record = new VerificationRecord
                {
                    Job = job,
                    Level = report.Level,
                    Subset = report.Subset,
                    Scope = named ? "named" : "all",
                    Status = IsFailure(report, job) ? "failed" : "success",
                    RunId = report.RunId,
                    FinishedAt = context.Clock.GetUtcNow(),
                    Repositories = report.Checked.Repositories,
                    Errors = report.Errors.Count,
                };
                ReportFile.Write(
                    PathOf(context.Configuration.StateDirectory, job, report.Level), VerifyJson.Write(record) + "\n");
            }
            if (!named)
            {
                ReportFile.Write(Path.Combine(context.Configuration.StateDirectory, ReportFile.DefaultName), VerifyText.Write(report));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Warn($"The report of the verification could not be kept: {e.Message}");
        }
    }

    /// <summary>That one old backup is sound says nothing of its job; that the newest is, or that any is not, does.</summary>
    private static IEnumerable<Backup> Telling(VerifyRequest request, VerifyReport report, IReadOnlyList<Backup> all) => request.Backups
        .SelectMany(name => BackupName.Parse(name).Candidates(all).Take(1))
        .Where(backup => IsFailure(report, backup.Job)
            || !all.Any(other => other.Job == backup.Job && other.CreatedAt > backup.CreatedAt && !other.IsSafety));

    // What is known to touch other jobs alone does not make this one bad; all else does.
    private static bool IsFailure(VerifyReport report, string job) =>
        report.Errors.Any(error => error.Backups.Count == 0 || error.Backups.Any(backup => backup.Job is null || backup.Job == job));

    private static VerificationRecord? ReadOne(string path)
    {
        try
        {
            return File.Exists(path) ? VerifyJson.ReadRecord(File.ReadAllBytes(path)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static string PathOf(string stateDirectory, string job, string level) =>
        Path.Combine(stateDirectory, Folder, $"{Uri.EscapeDataString(job)}.{level}.json");

    private static string Word(VerifyLevel level) => level.ToString().ToLowerInvariant();
}
