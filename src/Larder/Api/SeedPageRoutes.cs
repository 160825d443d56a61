using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.BackingUp;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Sync;

namespace Larder.Api;

/// <summary>Calls of an admin page for a local MongoDB in step with a remote one, beside those that it shares with the others.</summary>
internal static class SeedPageRoutes
{
    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "POST",
            Path = "/api/backup",
            Action = "page.create",
            Summary = "Syncs local and remote, backs the local database up, empties collections, and answers when it is done.",
            Details = "Only where the configuration says that local is primary (403 elsewhere). What `purge` of the job always empties is "
                + "emptied after every good backup, on both sides; with `delete_bookings` also what it empties only where somebody says "
                + "so, which of a token needs the scope remove besides, and a second person where one is configured.",
            Needs = Needs.Of(Role.Admin, Scope.Backup),
            Body = BodyJson.Default.SeedBackupBody,
            BodyExample = """{"delete_bookings":false}""",
            BodyMayBeEmpty = true,
            IsDestructive = true,
            AnswerExample =
                """
                {"success":true,"backup_id":"20250119_143022","backup_path":"/var/lib/larder/repository","backup_timestamp":
                "2025-01-19T14:30:22","sync_status":"success","collections_backed_up":["activities","bookings"],
                "collections_deleted_local":["activities (50 documents)"],"collections_deleted_remote":["activities (50 documents)"],
                "message":"Backup completed successfully"}
                """,
            Run = CreateAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/backup/status",
            Action = "page.status",
            Summary = "Says whether the local database is primary, and backups of it can be made.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample = """{"primary_database":"local","backup_available":true,"sync_enabled":true,"message":"Backup system ready"}""",
            Run = call => Task.FromResult<Answer?>(Status(call)),
        },
    ];

    private static async Task<Answer?> CreateAsync(ApiCall call)
    {
        LocalMode.Ensure(call);
        var body = await call.BodyAsync(BodyJson.Default.SeedBackupBody);
        var job = JobOf(call) ?? throw new LarderException(EngineError.UsageInvalid, "No job backs up a MongoDB database.");
        var request = new BackupRequest { Job = job.Name, Purge = body.DeleteBookings ? [PurgePlan.All] : [] };
        request.PurgeFrom(job); // A slip is told at once, and not by a run that failed.
        if (body.DeleteBookings)
        {
            PurgeConsent.EnsureMayBeGivenBy(call.Caller);
            if (Confirmation.SecondPersonMissing(call, body.Approval, job.Name, null) is { } missing)
            {
                return missing;
            }
        }
        var (run, made) = await RunAnswer.WaitAsync(call, new BackupOrder(request));
        var backup = await BackupNames.ResolveAsync(call, made["backup_id"]!.GetValue<string>());
        var engine = await call.Services.EngineAsync(call.Cancelled);
        var entries = (await engine.Library.OpenAsync(backup, call.Cancelled)).Manifest.Sources
            .SelectMany(source => source.Entries).Where(entry => entry.HasRows);
        var place = call.Services.Configuration.Repositories[backup.Places[0].Repository].Location;
        return Answer.Json(new JsonObject
        {
            ["success"] = true,
            ["backup_id"] = backup.Timestamp,
            ["backup_path"] = place is LocalLocation local ? local.Path : backup.Places[0].Repository,
            ["backup_timestamp"] = ListedBackup.PlainTime(backup.CreatedAt),
            ["sync_status"] = made["sync_status"]?.GetValue<string>() ?? "skipped",
            ["collections_backed_up"] = new JsonArray(
                [.. entries.Select(entry => (JsonNode?)JsonValue.Create(ContentRoutes.Brief(entry.Name)))]),
            ["collections_deleted_local"] = Deleted(made, "local"),
            ["collections_deleted_remote"] = Deleted(made, "remote"),
            ["message"] = Message(call, run, made),
        }) with { Target = job.Name, RunId = run };
    }

    private static JsonArray Deleted(JsonNode made, string side) => new(
        [
            .. (made["purged"] as JsonArray ?? [])
                .Where(one => one!["side"]!.GetValue<string>() == side && one["deleted"]!.GetValue<long>() > 0)
                .Select(one => (JsonNode?)JsonValue.Create(
                    $"{ContentRoutes.Brief(one!["collection"]!.GetValue<string>())} ({one["deleted"]!.GetValue<long>()} documents)")),
        ]);

    /// <summary>What was not as it should be, where a page has no other place for it.</summary>
    private static string Message(ApiCall call, string run, JsonNode made)
    {
        if (made["status"]!.GetValue<string>() == "success")
        {
            return "Backup completed successfully";
        }
        // Those of the run as a whole come last, after what single documents were in conflict.
        var warnings = call.Services.Catalog.Events(run).Where(one => one.Level == EventLevel.Warning).TakeLast(5);
        return $"Backup completed with warnings: {string.Join(' ', warnings.Select(one => one.Message))}";
    }

    private static Answer Status(ApiCall call)
    {
        var primary = LocalMode.PrimaryOf(call.Services.Configuration);
        var isReady = primary == "local" && JobOf(call) is not null;
        return Answer.Json(new JsonObject
        {
            ["primary_database"] = primary ?? "none",
            ["backup_available"] = isReady,
            ["sync_enabled"] = call.Services.Configuration.Jobs.Values.Any(job => job.Sync is not null),
            ["message"] = isReady ? "Backup system ready" : LocalMode.Message,
        });
    }

    private static JobSettings? JobOf(ApiCall call)
    {
        var jobs = call.Services.Configuration.Jobs.Values.Where(job => call.Caller.MaySee(job.Name)).ToList();
        return jobs.Find(job => job.Sync is not null)
            ?? jobs.Find(job => job.Sources.Any(source => source is MongoDbSourceSettings))
            ?? (jobs is [var only] ? only : null);
    }
}
