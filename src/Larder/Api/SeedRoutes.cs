using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Restore;

namespace Larder.Api;

/// <summary>
/// Calls that other systems' programs and pages already make, answered as their documents show them: with the result, where the calls under
/// <c>/api</c> answer with a run. What they destroy they name, so they need no confirmation; a second person is asked for all the same.
/// </summary>
internal static class SeedRoutes
{
    private const string Listed =
        """
        {"filename":"journal_backup_20241108_120000.sql.gz","timestamp":"20241108_120000","created_at":"2024-11-08T12:00:00",
        "description":"Pre-upgrade backup","size_bytes":1048576,"database_name":"journal","database_host":"localhost"}
        """;

    private const string Done =
        """
        {"status":"success","message":"Backup created successfully","filename":"journal_backup_20241108_120000.sql.gz",
        "timestamp":"2024-11-08T12:00:00"}
        """;

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "POST",
            Path = "/backups",
            Action = "file.create",
            Summary = "Makes a backup and answers when it is made.",
            Details = "For programs that know backups as files. The job is the only one, or the one that `job` names.",
            Needs = Needs.Of(Role.Operator, Scope.Backup),
            Body = BodyJson.Default.SeedDescriptionBody,
            BodyExample = """{"description":"Pre-upgrade backup"}""",
            BodyMayBeEmpty = true,
            Query = [new("job", "string", "Which job, where there are several.", "journal")],
            AnswerExample = Done,
            Run = CreateAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/backups",
            Action = "file.list",
            Summary = "Lists all backups, newest first, as files.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample = $"[{Listed.Trim()}]",
            Run = async call => Answer.Json(new JsonArray(
                [
                    .. (await BackupNames.VisibleAsync(call))
                        .Where(one => !one.Backup.IsSafety).Select(one => (JsonNode)Document(one.Backup)),
                ])),
        },
        new()
        {
            Method = "GET",
            Path = "/backups/{filename}",
            Action = "file.show",
            Summary = "Shows one backup as a file.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample = Listed,
            Run = async call => Answer.Json(Document(await BackupNames.ResolveAsync(call, call.Part("filename")))),
        },
        new()
        {
            Method = "POST",
            Path = "/backups/restore",
            Action = "file.restore",
            Summary = "Restores the backup of this name in place and answers when it is done. What stood there is backed up first.",
            Needs = Needs.Of(Role.Admin, Scope.Restore),
            Body = BodyJson.Default.SeedRestoreBody,
            BodyExample = """{"filename":"journal_backup_20241108_120000.sql.gz"}""",
            IsDestructive = true,
            AnswerExample = Done,
            Run = RestoreAsync,
        },
        new()
        {
            Method = "DELETE",
            Path = "/backups/{filename}",
            Action = "file.remove",
            Summary = "Removes the backup of this name. The last good one of its job stays.",
            Needs = Needs.Of(Role.Admin, Scope.Remove),
            IsDestructive = true,
            AnswerExample = Done,
            Run = RemoveAsync,
        },
        new()
        {
            Method = "POST",
            Path = "/backups/cleanup",
            Action = "file.cleanup",
            Summary = "Removes the backups that retention does not keep, and says which.",
            Needs = Needs.Of(Role.Admin, Scope.Remove),
            IsDestructive = true,
            Query = [new("job", "string", "Which job, where there are several.", "journal")],
            AnswerExample =
                """
                {"deleted_count":1,"deleted_files":["journal_backup_20241001_120000.sql.gz"],"total_size_freed":3145728,"retention_days":30,
                "cleanup_date":"2024-11-08T12:00:00"}
                """,
            Run = CleanupAsync,
        },
        .. SeedPageRoutes.All,
    ];

    private static JsonObject Document(Backup backup)
    {
        var database = ListedBackup.DatabaseOf(backup);
        return new JsonObject
        {
            ["filename"] = ListedBackup.FileNameOf(backup),
            ["timestamp"] = backup.Timestamp,
            ["created_at"] = ListedBackup.PlainTime(backup.CreatedAt),
            ["description"] = backup.Description,
            ["size_bytes"] = backup.SizeBytes,
            ["database_name"] = database?.DatabaseName,
            ["database_host"] = database?.DatabaseHost,
        };
    }

    private static async Task<Answer?> CreateAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.SeedDescriptionBody);
        var job = JobNames.Of(call, call.Query("job"));
        var (run, made) = await RunAnswer.WaitAsync(call, new BackupOrder(new BackupRequest { Job = job, Description = body.Description }));
        var backup = await BackupNames.ResolveAsync(call, made["backup_id"]!.GetValue<string>());
        return Answered("Backup created successfully", backup, ListedBackup.PlainTime(backup.CreatedAt)) with { RunId = run };
    }

    private static async Task<Answer?> RestoreAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.SeedRestoreBody);
        var backup = await BackupNames.ResolveAsync(call, body.Filename);
        if (Confirmation.SecondPersonMissing(call, body.Approval, $"{backup.Job}:{backup.Timestamp}", null) is { } missing)
        {
            return missing;
        }
        var request = new RestoreRequest { Backup = backup.BackupId, IsConfirmed = true };
        var (run, _) = await RunAnswer.WaitAsync(call, RestoreRoutes.OrderOf(backup.Job, request));
        return Answered("Database restored successfully", backup, Now(call, backup.Job)) with { RunId = run };
    }

    private static async Task<Answer?> RemoveAsync(ApiCall call)
    {
        var backup = await BackupNames.ResolveAsync(call, call.Part("filename"));
        if (Confirmation.SecondPersonMissing(call, call.Query("approval"), $"{backup.Job}:{backup.Timestamp}", null) is { } missing)
        {
            return missing;
        }
        var (run, _) = await RunAnswer.WaitAsync(call, BackupRoutes.RemovalOf(backup, force: false));
        return Answered("Backup deleted successfully", backup, Now(call, backup.Job)) with { RunId = run };
    }

    private static async Task<Answer?> CleanupAsync(ApiCall call)
    {
        var job = JobNames.Of(call, call.Query("job"));
        if (Confirmation.SecondPersonMissing(call, call.Query("approval"), job, null) is { } missing)
        {
            return missing;
        }
        var names = (await BackupNames.VisibleAsync(call)).ToDictionary(
            one => one.Backup.BackupId, one => ListedBackup.FileNameOf(one.Backup), StringComparer.Ordinal);
        var (run, report) = await RunAnswer.WaitAsync(call, new CleanupOrder(job));
        var deleted = report["deleted"]!.AsArray();
        return Answer.Json(new JsonObject
        {
            ["deleted_count"] = deleted.Count,
            ["deleted_files"] = new JsonArray(
                [.. deleted.Select(one => (JsonNode?)JsonValue.Create(
                    names.GetValueOrDefault(one!["backup_id"]!.GetValue<string>()) ?? one["short_id"]!.GetValue<string>()))]),
            ["total_size_freed"] = report["freed_bytes"]!.GetValue<long>(),
            ["retention_days"] = call.Services.Configuration.Jobs[job].Keep.Within is { } within ? (int)within.TotalDays : null,
            ["cleanup_date"] = Now(call, job),
        }) with { Target = job, RunId = run };
    }

    private static Answer Answered(string message, Backup backup, string timestamp) => Answer.Json(new JsonObject
    {
        ["status"] = backup.Status == BackupStatus.Partial && message.Contains("created", StringComparison.Ordinal) ? "partial" : "success",
        ["message"] = message,
        ["filename"] = ListedBackup.FileNameOf(backup),
        ["timestamp"] = timestamp,
    }) with { Target = $"{backup.Job}:{backup.Timestamp}" };

    private static string Now(ApiCall call, string job) => ListedBackup.PlainTime(TimeZoneInfo.ConvertTime(
        call.Services.Clock.GetUtcNow(),
        call.Services.Configuration.Jobs.TryGetValue(job, out var settings) ? settings.TimeZone : TimeZoneInfo.Local));
}
