using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Cleanup;
using Larder.Engine.Errors;
using Larder.Engine.Sync;

namespace Larder.Api;

/// <summary>Backups: making, listing, showing, pinning, removing.</summary>
internal static class BackupRoutes
{
    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "POST",
            Path = "/api/backups",
            Action = "backup.create",
            Summary = "Begins a backup of a job.",
            Details = "`job` may be left away where there is one only. With `dry_run` the plan is answered and nothing is done. "
                + "The answer is the run; `GET /api/runs/{id}/events` follows it. `purge` names collections that are emptied after a good "
                + "backup, besides those that the job always empties, or says `all`: that needs the role admin, of a token the scope "
                + "remove, `confirm`, and a second person where one is configured.",
            Needs = Needs.Of(Role.Operator, Scope.Backup),
            Body = BodyJson.Default.BackupBody,
            BodyExample = """{"job":"journal","description":"Pre-upgrade backup","only":["db"],"tags":["pre-deploy"]}""",
            BodyMayBeEmpty = true,
            BeginsRun = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = CreateAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/backups",
            Action = "backup.list",
            Summary = "Lists the backups of all repositories, newest first.",
            Details = "Each as `larder list --json` prints it, and with the keys by which the pages of other systems know a backup. "
                + "`X-Total-Count` says how many there are, `Link` where the list goes on.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            Query =
            [
                new("job", "string", "Only this job's.", "journal"),
                new("status", "string", "Only success, or only partial ones.", "success"),
                new("safety", "boolean", "The safety backups of restores too.", "false"),
                RepositoryNames.Query,
                new("limit", "integer", "At most so many, 1 to 1000; 1000 by default.", "1000"),
                QueryParameter.Offset,
            ],
            AnswerExample = $"[{Examples.Backup.Trim()}]",
            Run = ListAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/backups/{id}",
            Action = "backup.show",
            Summary = "Shows one backup with its manifest.",
            Details = "A backup is named by the beginning of its id, by its timestamp `20241108_120000`, by `latest`, each with "
                + "`JOB:` before it or not, or by its file name `journal_backup_20241108_120000.sql.gz`.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample = Examples.Backup,
            Run = ShowAsync,
        },
        new()
        {
            Method = "DELETE",
            Path = "/api/backups/{id}",
            Action = "backup.remove",
            Summary = "Removes a backup from all repositories.",
            Details = "It needs `confirm`, and for the last good backup of a job `force`; a pinned one is never removed.",
            Needs = Needs.Of(Role.Admin, Scope.Remove),
            Body = BodyJson.Default.DeleteBody,
            BodyExample = """{"confirm":true}""",
            BodyMayBeEmpty = true,
            BeginsRun = true,
            IsDestructive = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = RemoveAsync,
        },
        Pin("PUT", pinned: true),
        Pin("DELETE", pinned: false),
        new()
        {
            Method = "POST",
            Path = "/api/backups/cleanup",
            Action = "backup.cleanup",
            Summary = "Removes the backups that retention does not keep.",
            Details = "With `dry_run` the plan is answered, with a reason for every line. Without a job all jobs are meant, without a "
                + "repository all of them.",
            Needs = Needs.Of(Role.Admin, Scope.Remove),
            Body = BodyJson.Default.CleanupBody,
            BodyExample = """{"job":"journal","confirm":true}""",
            BodyMayBeEmpty = true,
            BeginsRun = true,
            IsDestructive = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = CleanupAsync,
        },
    ];

    private static Route Pin(string method, bool pinned) => new()
    {
        Method = method,
        Path = "/api/backups/{id}/pin",
        Action = pinned ? "backup.pin" : "backup.unpin",
        Summary = pinned ? "Keeps a backup for ever." : "Gives a pinned backup back to retention.",
        Needs = Needs.Of(Role.Operator, Scope.Backup),
        AnswerExample =
            """
            {"status":"success","backups":[{"backup_id":"3f9a1c20b7d4","short_id":"3f9a1c20","timestamp":"20241108_120000","job":"journal",
            "pinned":true,"changed":["local"]}],"hints":[]}
            """,
        Run = call => PinAsync(call, pinned),
    };

    private static async Task<Answer?> CreateAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.BackupBody);
        var job = JobNames.Of(call, body.Job);
        var repository = RepositoryNames.OfOptional(call, body.Repository);
        if (repository is not null && call.Caller.Jobs is not null)
        {
            RepositoryNames.EnsureOf(call.Services.Configuration.Jobs[job], repository);
        }
        var engine = (await call.Services.EngineAsync(call.Cancelled)).BackingUpInto(repository);
        if ((body.Tags ?? []).FirstOrDefault(tag => BackupTags.IsReserved(tag) || tag.Contains(',', StringComparison.Ordinal)) is not null)
        {
            throw new LarderException(
                EngineError.UsageInvalid, "A tag holds no comma, and is none that has a meaning of its own in Larder.");
        }
        var request = new BackupRequest
        {
            Job = job,
            Only = body.Only ?? [],
            DatabasesOnly = body.DbOnly,
            CodeOnly = body.CodeOnly,
            AcceptEmpty = body.AcceptEmpty,
            Description = body.Description,
            Tags = body.Tags ?? [],
            Purge = body.Purge ?? [],
        };
        var purge = request.PurgeFrom(engine.JobOf(job)); // A slip is told at once, and not by a run that failed.
        if (body.DryRun)
        {
            return Answer.Json(PlanDocument(job, await BackupPlan.ComputeAsync(engine, request, call.Cancelled))) with { Target = job };
        }
        if (PurgePlan.AsksForMore(request.Purge))
        {
            PurgeConsent.EnsureMayBeGivenBy(call.Caller);
            var plan = new JsonObject { ["purge"] = PurgeDocument(purge) }.ToJsonString();
            if (Confirmation.Missing(call, body.Confirm, body.Approval, job, plan) is { } missing)
            {
                return missing;
            }
        }
        return await RunAnswer.BeginAsync(call, new BackupOrder(request, Repository: repository));
    }

    private static JsonObject PlanDocument(string job, BackupPlan plan)
    {
        var document = SourcesDocument(job, plan);
        if (plan.IsSynced)
        {
            document["sync"] = true;
        }
        if (plan.Purge is not null)
        {
            document["purge"] = PurgeDocument(plan.Purge);
        }
        return document;
    }

    private static JsonObject SourcesDocument(string job, BackupPlan plan) => new()
    {
        ["job"] = job,
        ["dry_run"] = true,
        ["repositories"] = new JsonArray([.. plan.Repositories.Select(name => (JsonNode?)JsonValue.Create(name))]),
        ["sources"] = new JsonArray(
            [.. plan.Lines.Select(line => (JsonNode)new JsonObject
            {
                ["name"] = line.Source,
                ["engine"] = line.Engine,
                ["engine_version"] = line.EngineVersion,
                ["estimated_bytes"] = line.EstimatedBytes,
                ["problem"] = line.Problem,
            })]),
    };

    private static JsonArray PurgeDocument(PurgePlan? purge) => new(
        [
            .. purge?.Collections.Select(name => (JsonNode)new JsonObject
            {
                ["collection"] = name,
                ["sides"] = new JsonArray([.. purge.Sides.Select(side => (JsonNode?)JsonValue.Create(side))]),
            }) ?? [],
        ]);

    private static async Task<Answer?> ListAsync(ApiCall call)
    {
        LocalMode.EnsureNotElsewhere(call);
        var (job, status, withSafety) = (call.Query("job"), call.Query("status"), call.Flag("safety"));
        var repository = RepositoryNames.OfOptional(call, call.Query(RepositoryNames.Query.Name));
        var (_, offset) = call.Paging;
        var limit = call.Query("limit") is null ? 1000 : call.Paging.Limit;
        var all = (await BackupNames.VisibleAsync(call))
            .Where(one => (job is null || one.Backup.Job == job) && (withSafety || !one.Backup.IsSafety)
                && (repository is null || one.Backup.Places.Any(place => place.Repository == repository))
                && (status is null || one.Backup.Status.ToString().Equals(status, StringComparison.OrdinalIgnoreCase)))
            .ToList();
        var page = Answer.Page(call, [], all.Count, limit, offset);
        return page with { Text = $"[{string.Join(',', all.Skip(offset).Take(limit).Select(one => one.Json))}]" };
    }

    private static async Task<Answer?> ShowAsync(ApiCall call)
    {
        var backup = await BackupNames.ResolveAsync(call, call.Part("id"));
        var engine = await call.Services.EngineAsync(call.Cancelled);
        var document = ListedBackup.Document(backup);
        document["warnings"] = new JsonArray(
            [.. backup.Warnings.Select(warning => (JsonNode)new JsonObject { ["path"] = warning.Path, ["reason"] = warning.Reason })]);
        document["places"] = new JsonArray(
            [.. backup.Places.Select(
                place => (JsonNode)new JsonObject { ["repository"] = place.Repository, ["snapshot_id"] = place.SnapshotId.ToString() })]);
        document["manifest"] = JsonNode.Parse(ManifestJson.Write((await engine.Library.OpenAsync(backup, call.Cancelled)).Manifest));
        return Answer.Json(document);
    }

    private static async Task<Answer?> RemoveAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.DeleteBody);
        var backup = await BackupNames.ResolveAsync(call, call.Part("id"));
        var plan = ListedBackup.Document(backup).ToJsonString();
        return Confirmation.Missing(call, body.Confirm, body.Approval, $"{backup.Job}:{backup.Timestamp}", plan)
            ?? await RunAnswer.BeginAsync(call, RemovalOf(backup, body.Force));
    }

    public static RunOrder RemovalOf(Backup backup, bool force) => new DirectOrder
    {
        What = RunKind.Cleanup,
        Job = backup.Job,
        Work = async (engine, progress, cancellationToken) =>
        {
            var request = new RemoveRequest { Backups = [backup.BackupId], Force = force };
            engine.Report?.Invoke((await new RemoveRun(engine, request, progress).ExecuteAsync(cancellationToken)).ToJson());
        },
    };

    private static async Task<Answer?> PinAsync(ApiCall call, bool pinned)
    {
        var backup = await BackupNames.ResolveAsync(call, call.Part("id"));
        var engine = await call.Services.EngineAsync(call.Cancelled);
        var report = await new PinRun(engine, [backup.BackupId], pinned).ExecuteAsync(call.Cancelled);
        await call.Services.Backups.RefreshAsync(engine, call.Cancelled);
        return report.Error is { } error && report.Status == "failed"
            ? throw new FailedRunException(error)
            : Answer.Json(report.ToJson()) with { Target = $"{backup.Job}:{backup.Timestamp}" };
    }

    private static async Task<Answer?> CleanupAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.CleanupBody);
        if (body.Job is { } named)
        {
            JobNames.Of(call, named);
        }
        else
        {
            call.Caller.EnsureJob(null);
        }
        var repository = RepositoryNames.OfOptional(call, body.Repository);
        var engine = await call.Services.EngineAsync(call.Cancelled);
        var plan = body.DryRun || !body.Confirm || call.Services.Configuration.Access.SecondPerson
            ? (await CleanupPlan.ComputeAsync(engine, body.Job, call.Cancelled)).OnlyIn(repository).ToJson()
            : null;
        return body.DryRun
            ? Answer.Json(plan!) with { Target = body.Job ?? "all jobs" }
            : Confirmation.Missing(call, body.Confirm, body.Approval, body.Job ?? "all jobs", plan)
                ?? await RunAnswer.BeginAsync(call, new CleanupOrder(body.Job, repository));
    }
}
