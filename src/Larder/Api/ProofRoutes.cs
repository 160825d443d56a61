using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.Browse;
using Larder.Engine.Drills;
using Larder.Engine.Errors;
using Larder.Engine.Reports;
using Larder.Repository.Maintenance;

namespace Larder.Api;

/// <summary>Proof that backups are good: verifications, drills, reports, figures.</summary>
internal static class ProofRoutes
{
    private static readonly string[] Levels = ["structure", "data", "content"];

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "POST",
            Path = "/api/verify",
            Action = "verify.begin",
            Summary = "Begins a verification of backups, of jobs, or of whole repositories.",
            Details = "The run's `report` has `status`, `checked` and `errors`. `backups` and `jobs` do not go together.",
            Needs = Needs.Of(Role.Operator, Scope.Verify),
            Body = BodyJson.Default.VerifyBody,
            BodyExample = """{"jobs":["journal"],"level":"content"}""",
            BodyMayBeEmpty = true,
            BeginsRun = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = VerifyAsync,
        },
        new()
        {
            Method = "POST",
            Path = "/api/drills",
            Action = "drill.begin",
            Summary = "Begins a drill: a real restore into something that is thrown away, compared with what was dumped.",
            Needs = Needs.Of(Role.Operator, Scope.Verify),
            Body = BodyJson.Default.DrillBody,
            BodyExample = """{"name":"journal"}""",
            BeginsRun = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = DrillAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/drills/{id}/evidence",
            Action = "drill.evidence",
            Summary = "Says whether the evidence that a drill left here is genuine. `id` is the drill's run.",
            Details = "422 where it is not: it was changed, or signed elsewhere.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample =
                """
                {"genuine":true,"run_id":"0193c8d2f1a47c3e9b5d6a7f8e9d0c1b","job":"journal",
                "backup_id":"3f9a1c20b7d4e6f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f70","status":"success",
                "finished_at":"2024-11-08T12:00:09+00:00","key":"5c1f0e2a9b7d4c3e"}
                """,
            Run = call => Task.FromResult<Answer?>(EvidenceOf(call)),
        },
        new()
        {
            Method = "GET",
            Path = "/api/report",
            Action = "proof.report",
            Summary = "Gathers what proves the backups, and says what proof is missing.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            Query = [new("job", "string", "Only this job.", "journal")],
            AnswerExample = """{"status":"success","created_at":"2024-11-08T12:00:00+00:00","jobs":[],"unreadable":[]}""",
            Run = ReportAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/stats",
            Action = "proof.stats",
            Summary = "Shows how much the repositories hold.",
            Needs = Needs.Of(Role.Viewer, Scope.Read, JobRule.All),
            Query = [new("repository", "string", "Only this one.", "local")],
            AnswerExample =
                """
                {"repositories":[{"name":"local","location":"/var/lib/larder/repository","backups":12,"snapshots":12,"packs":9,"blobs":812,
                "stored_bytes":1048576,"restored_bytes":12582912,"unique_bytes":3145728,"dedup_ratio":4.0,"compression_ratio":3.0,
                "unused_bytes":0,"oldest":"2024-10-28T12:00:00+00:00","newest":"2024-11-08T12:00:00+00:00","free_disk_bytes":1073741824}]}
                """,
            Run = StatsAsync,
        },
    ];

    private static async Task<Answer?> VerifyAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.VerifyBody);
        if (body is { Jobs.Count: > 0, Backups.Count: > 0 })
        {
            throw new LarderException(EngineError.UsageInvalid, "Jobs and backups are verified by themselves; name the one or the other.");
        }
        var level = body.Level ?? "data";
        if (!Levels.Contains(level, StringComparer.Ordinal))
        {
            throw new LarderException(EngineError.UsageInvalid, "\"level\" is structure, data or content.");
        }
        if (body.Subset is { } share && (level == "structure" || !CheckSubset.TryParse(share, out _)))
        {
            throw new LarderException(EngineError.UsageInvalid, "\"subset\" is a share such as 1/7, of level data or content.");
        }
        foreach (var job in body.Jobs ?? [])
        {
            JobNames.Of(call, job);
        }
        var backups = new List<string>();
        foreach (var name in body.Backups ?? [])
        {
            backups.Add((await BackupNames.ResolveAsync(call, name)).BackupId);
        }
        if (body is { Jobs: null or [], Backups: null or [] })
        {
            call.Caller.EnsureJob(null);
        }
        var repository = RepositoryNames.OfOptional(call, body.Repository);
        return await RunAnswer.BeginAsync(call, new VerifyOrder(body.Jobs ?? [], backups, level, body.Subset, repository));
    }

    private static async Task<Answer?> DrillAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.DrillBody);
        var isJob = call.Services.Configuration.Jobs.ContainsKey(body.Name);
        var job = isJob ? JobNames.Of(call, body.Name) : null;
        var backup = isJob ? null : await BackupNames.ResolveAsync(call, body.Name);
        return await RunAnswer.BeginAsync(
            call,
            new DrillOrder(backup?.BackupId ?? job!, body.Only ?? [], RepositoryNames.OfOptional(call, body.Repository))
            {
                Job = backup?.Job ?? job,
            });
    }

    private static Answer EvidenceOf(ApiCall call)
    {
        var id = RunDocument.IdIn(call);
        RunDocument.Of(call, id); // Unknown, or not the caller's.
        var state = call.Services.Configuration.StateDirectory;
        var path = Evidence.PathOf(state, id);
        return File.Exists(path)
            ? Answer.Json(Evidence.Check(state, path).ToJson())
            : throw new LarderException(EngineError.UnknownRun, "This run left no evidence of a drill here.");
    }

    private static async Task<Answer?> ReportAsync(ApiCall call)
    {
        var job = call.Query("job");
        if (job is not null || call.Caller.Jobs is not null)
        {
            job = JobNames.Of(call, job);
        }
        var engine = await call.Services.EngineAsync(call.Cancelled);
        return Answer.Json((await new ProofReading(engine).ExecuteAsync(job, call.Cancelled)).ToJson());
    }

    private static async Task<Answer?> StatsAsync(ApiCall call)
    {
        var engine = await call.Services.EngineAsync(call.Cancelled);
        return Answer.Json(BrowseJson.Write(
            await StatsReport.ComputeAsync(engine, RepositoryNames.OfOptional(call, call.Query("repository")), call.Cancelled)));
    }
}
