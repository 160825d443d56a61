using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder backup`.</summary>
internal sealed class BackupCommand
{
    private readonly Operand jobs = new("JOB", "The jobs to back up; all without one.", ValueKind.Job, 0, Operand.AnyNumber);
    private readonly Settings only = new("--only", "SOURCE", "Only this source of the job; may be repeated.");
    private readonly Flag databasesOnly = new("--db-only", "Only databases.");
    private readonly Flag codeOnly = new("--code-only", "Only what is no database: files and outputs of commands.");
    private readonly Setting description = new("--description", "TEXT", "What this backup is, in a few words.");
    private readonly Settings tags = new("--tag", "TAG", "A tag, such as pre-deploy; may be repeated.");
    private readonly Flag acceptEmpty = new(
        "--accept-empty", "Databases and tables that are empty now, and were not before, are meant to be.");
    private readonly Settings purge = new(
        "--purge", "WHAT", "Empty these collections after a good backup: all, default, or names; may be repeated.");

    private readonly Flag dryRun = new("--dry-run", "Show what would be backed up and emptied, and do nothing.");

    public static LarderCommand Create() => new BackupCommand().Build();

    private LarderCommand Build() => new("backup", "Back up jobs: every source of a job becomes one restore point.")
    {
        Arguments = { jobs },
        Options = { only, databasesOnly, codeOnly, description, tags, acceptEmpty, purge, dryRun },
        Run = RunAsync,
        TakesRepository = true,
        Details = "With several jobs, one that fails does not keep the others from being backed up.\n"
            + "A database that has no rows where the last good backup has some, a table that has none where it had 100 or more, and a\n"
            + "server without any table make the backup partial, until --accept-empty says once that this is meant.\n"
            + "\n"
            + "A job with `sync` is synced before. A job with `purge` empties collections after a good backup, on both sides: those of\n"
            + "`always` every time (default), those of `confirm` where --purge names them or says all. Only documents that are in the\n"
            + "backup and unchanged since are deleted.",
        Examples =
        [
            new("larder backup", "every job"),
            new("larder backup journal --tag pre-deploy --description \"before 2.0\"", "one job, with words that `larder list` shows"),
            new("larder backup journal --db-only", "the databases of a job"),
            new("larder backup temple --purge bookings,employee_bookings --dry-run", "what would be emptied besides"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Refused, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "For one job the backup as an object: `backup_id`, `short_id`, `timestamp`, `created_at`, `job`, `status`, `category`, "
            + "`description`, `tags`, `created_by`, `sources` (array of `name`, `engine`, `database_name`, `database_host`, `entries`, "
            + "`rows`), `size_bytes` (restored), `added_bytes` (stored by this backup), `duration_seconds`, `git_commit`, `git_branch`, "
            + "`repositories`, `pinned`, `drill` (success, failed or null), and `warnings` (array of `path`, `reason`) where there are "
            + "any; where the job does such things, `sync_status` (success, partial or failed) and `purged` (array of `collection`, "
            + "`side`, `deleted`, `kept`). For several jobs an array of them, where a job that failed is an object with `job`, `status` "
            + "and `error`. With "
            + "--dry-run: `job`, `dry_run`, `repositories`, `sources` (array of `name`, `engine`, `engine_version`, `estimated_bytes`, "
            + "`problem`), and where the job does such things `sync` (true) and `purge` (array of `collection`, `sides`).",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var engine = (call.Has(dryRun) ? call.Engine : call.EngineWithCatalog).BackingUpInto(call.Repository);
        var requests = Requests(call, engine);
        CheckPurge(requests, engine);
        if (!call.Has(dryRun))
        {
            await Recovering.TryAsync(call, engine, cancellationToken);
        }
        var several = requests.Count > 1;
        var (documents, status) = (new JsonArray(), ExitStatus.Done);
        foreach (var request in requests)
        {
            try
            {
                var (document, ended) = call.Has(dryRun)
                    ? await PlanAsync(call, engine, request, cancellationToken)
                    : await BackUpAsync(call, engine, request, cancellationToken);
                documents.Add(document);
                status = status == ExitStatus.Done ? ended : status;
            }
            catch (Exception e) when (several && e is not OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                var report = ErrorTable.Describe(e, new ErrorContext { Job = request.Job });
                documents.Add((JsonNode)new JsonObject
                {
                    ["job"] = request.Job,
                    ["status"] = "failed",
                    ["error"] = FailureReport.Document(report, [])["error"]!.DeepClone(),
                });
                call.Words.WriteLine($"Job \"{request.Job}\": {report}");
                status = status is ExitStatus.Done or ExitStatus.Partial ? report.ExitStatus : status;
            }
        }
        if (call.IsJson)
        {
            call.Answer(several ? documents : documents[0]!.DeepClone());
        }
        return status;
    }

    private IReadOnlyList<BackupRequest> Requests(Call call, EngineContext engine)
    {
        if (call.Has(databasesOnly) && call.Has(codeOnly))
        {
            throw new LarderException(EngineError.UsageInvalid, "--db-only and --code-only together leave nothing to back up.");
        }
        var given = call.NamesOf(tags);
        if (given.FirstOrDefault(BackupTags.IsReserved) is { } reserved)
        {
            throw new LarderException(
                EngineError.UsageInvalid, $"The tag \"{reserved}\" has a meaning of its own in Larder and cannot be given.");
        }
        var named = call.ValuesOf(jobs);
        List<BackupRequest> requests =
        [
            .. (named.Count > 0 ? named.Distinct() : engine.Configuration.Jobs.Keys).Select(job => new BackupRequest
            {
                Job = engine.JobOf(job).Name,
                Only = call.NamesOf(only),
                DatabasesOnly = call.Has(databasesOnly),
                CodeOnly = call.Has(codeOnly),
                Description = call.ValueOf(description),
                Tags = given,
                AcceptEmpty = call.Has(acceptEmpty),
                Purge = call.NamesOf(purge),
            }),
        ];
        if (requests.Count == 0)
        {
            throw new LarderException(EngineError.ConfigurationInvalid, "The configuration has no job.");
        }
        if (named.Count > 0 || requests.Count == 1)
        {
            return requests;
        }

        // "Every job, databases only" passes over the jobs that have none.
        var fitting = requests.Where(request => Selects(request, engine)).ToList();
        return fitting.Count > 0 ? fitting : requests;
    }

    /// <summary>What cannot be purged is said before the first job begins.</summary>
    private static void CheckPurge(IReadOnlyList<BackupRequest> requests, EngineContext engine)
    {
        foreach (var request in requests.Where(request => request.Purge.Count > 0))
        {
            request.PurgeFrom(engine.JobOf(request.Job));
        }
    }

    private static bool Selects(BackupRequest request, EngineContext engine)
    {
        try
        {
            return request.SelectFrom(engine.JobOf(request.Job)).Count > 0;
        }
        catch (LarderException)
        {
            return false;
        }
    }

    private async Task<(JsonNode Document, ExitStatus Status)> BackUpAsync(
        Call call, EngineContext engine, BackupRequest request, CancellationToken cancellationToken)
    {
        BackupResult result;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            result = await new BackupRun(engine, request, progress).ExecuteAsync(cancellationToken);
        }
        if (call.Verbosity > 0)
        {
            call.Words.Say($"Run {result.RunId} of job {request.Job} has ended.");
        }
        if (!call.IsJson)
        {
            call.Print(BackupText.Page(result.Backup, engine.Library.ZoneOf(request.Job), call.OutInk));
            if (BackupText.Besides(result) is { Length: > 0 } besides)
            {
                call.Print(besides);
            }
        }
        foreach (var warning in result.Warnings)
        {
            call.Words.Warn(warning);
        }
        if (result.HoldsAlone && engine.JobOf(request.Job) is var job && job.To.Any(name => !job.KeepIn(name).KeepsEverything))
        {
            call.Words.Say(
                $"What was purged is in backups alone now; \"larder pin {result.Backup.ShortId}\" keeps this one from retention.");
        }
        return (JsonNode.Parse(result.ToJson())!, result.ExitStatus);
    }

    private async Task<(JsonNode Document, ExitStatus Status)> PlanAsync(
        Call call, EngineContext engine, BackupRequest request, CancellationToken cancellationToken)
    {
        var plan = await BackupPlan.ComputeAsync(engine, request, cancellationToken);
        if (!call.IsJson)
        {
            var table = new Table("SOURCE", "ENGINE", ">ABOUT", "PROBLEM");
            foreach (var line in plan.Lines)
            {
                table.AddPainted(3, call.OutInk.Red, line.Source, line.Engine, Show.Bytes(line.EstimatedBytes), line.Problem);
            }
            call.Print(
                (plan.IsSynced
                    ? $"Local and remote would be brought in step before; \"larder sync {request.Job} --dry-run\" says how.\n"
                    : "")
                + $"Job {request.Job} would be backed up to {string.Join(", ", plan.Repositories)}:\n{table.Render(call.OutInk)}"
                + (plan.Purge is { } emptied
                    ? $"After a good backup these would be emptied ({string.Join(" and ", emptied.Sides)}): "
                    + $"{string.Join(", ", emptied.Collections)}.\n"
                    : ""));
        }
        var sources = plan.Lines.Select(line => (JsonNode)new JsonObject
        {
            ["name"] = line.Source,
            ["engine"] = line.Engine,
            ["engine_version"] = line.EngineVersion,
            ["estimated_bytes"] = line.EstimatedBytes,
            ["problem"] = line.Problem,
        });
        var document = new JsonObject
        {
            ["job"] = request.Job,
            ["dry_run"] = true,
            ["repositories"] = JsonText.Array(plan.Repositories),
            ["sources"] = new JsonArray([.. sources]),
        };
        if (plan.IsSynced)
        {
            document["sync"] = true;
        }
        if (plan.Purge is { } purged)
        {
            document["purge"] = new JsonArray(
                [
                    .. purged.Collections.Select(name => (JsonNode)new JsonObject
                    {
                        ["collection"] = name, ["sides"] = JsonText.Array(purged.Sides),
                    }),
                ]);
        }
        return (document, plan.Lines.Any(line => line.Problem is not null) ? ExitStatus.Failed : ExitStatus.Done);
    }
}
