using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Restore;
using Larder.Engine.Restore.Transaction;
using Larder.Sources.Dumps;

namespace Larder.Api;

/// <summary>Restores and the way back.</summary>
internal static class RestoreRoutes
{
    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "POST",
            Path = "/api/backups/restore",
            Action = "restore.begin",
            Summary = "Restores a backup, as a transaction with a way back.",
            Details = "Without `confirm` nothing is done and the plan is answered (428); with `dry_run` too (200). What stands there is "
                + "backed up first unless `no_safety`. A `target` that is a path of the server is for owners alone.",
            Needs = Needs.Of(Role.Admin, Scope.Restore),
            Body = BodyJson.Default.RestoreBody,
            BodyExample = """{"backup":"journal:20241108_120000","only":["db"],"confirm":true}""",
            BeginsRun = true,
            IsDestructive = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = RestoreAsync,
        },
        new()
        {
            Method = "POST",
            Path = "/api/rollback",
            Action = "restore.rollback",
            Summary = "Undoes a restore: what it replaced takes its place again.",
            Details = "Without `run` the last restore is meant. With `to_deploy` the newest backup with the tag pre-deploy is restored in "
                + "place instead. Without `confirm` nothing is done and the plan is answered (428).",
            Needs = Needs.Of(Role.Admin, Scope.Restore),
            Body = BodyJson.Default.RollbackBody,
            BodyExample = """{"run":"0193c8d2","confirm":true}""",
            BodyMayBeEmpty = true,
            BeginsRun = true,
            IsDestructive = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = RollbackAsync,
        },
        new()
        {
            Method = "POST",
            Path = "/api/restores/resume",
            Action = "restore.resume",
            Summary = "Finishes or undoes restores that were interrupted, and does nothing else.",
            Details = "The service does so before every run; this is for when that failed and its cause was put right. Where nothing was "
                + "interrupted the answer is an empty array (200). The run's `report` is an array of `run_id`, `end`, `what`.",
            Needs = Needs.Of(Role.Admin, Scope.Restore, JobRule.All),
            BeginsRun = true,
            Status = 202,
            AnswerExample = Examples.Run,
            Run = ResumeAsync,
        },
    ];

    private static async Task<Answer?> RestoreAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.RestoreBody);
        if (body.As is not null && body.Entry is null)
        {
            throw new LarderException(EngineError.UsageInvalid, "\"as\" gives another name to the one entry that \"entry\" names.");
        }
        if (body is { SchemaOnly: true, DataOnly: true })
        {
            throw new LarderException(
                EngineError.UsageInvalid, "\"schema_only\" and \"data_only\" together leave nothing to restore.");
        }
        if (body.Jobs is < 1 or > RestoreRequest.JobsMax)
        {
            throw new LarderException(EngineError.UsageInvalid, $"\"jobs\" is a number from 1 to {RestoreRequest.JobsMax}.");
        }
        if (body.Target is { } target && !target.Contains("://", StringComparison.Ordinal) && call.Caller.Role != Role.Owner)
        {
            // Whoever may write any file of the server is its administrator.
            throw new LarderException(
                EngineError.NotAllowed, "A path of the server as target is for owners; name a database or an environment.");
        }
        var backup = await BackupNames.ResolveAsync(call, body.Backup);
        var request = new RestoreRequest
        {
            Backup = backup.BackupId,
            Repository = body.Repository,
            Only = body.Only ?? [],
            Entry = body.Entry,
            EntryName = body.As,
            Target = body.Target,
            Environment = body.Environment,
            Part = body.SchemaOnly ? DumpPart.Schema : body.DataOnly ? DumpPart.Data : DumpPart.All,
            Jobs = body.Jobs,
            WithUsers = body.WithUsers,
            Overwrites = body.InPlace,
            SkipsSafety = body.NoSafety,
            IsConfirmed = body.Confirm && !body.DryRun,
        };
        return await PlanOrBeginAsync(call, backup, request, body.DryRun, body.Approval);
    }

    private static async Task<Answer?> PlanOrBeginAsync(
        ApiCall call, Backup backup, RestoreRequest request, bool isDryRun, string? approval)
    {
        var name = $"{backup.Job}:{backup.Timestamp}";
        var plan = await RestorePlan.ComputeAsync(await call.Services.EngineAsync(call.Cancelled), request, call.Cancelled);
        if (isDryRun)
        {
            return Answer.Json(RestoreJson.Write(plan)) with { Target = name };
        }
        if (plan.Refusals.Count > 0)
        {
            var reasons = string.Join(' ', plan.Refusals.Select(refusal => $"{refusal.Source}: {refusal.Reason}"));
            return Problem.Of(
                new LarderException(EngineError.PrerequisiteFailed, $"The restore is refused. {reasons}"), call.Context.TraceIdentifier)
                .With("plan", JsonNode.Parse(RestoreJson.Write(plan))!);
        }
        return Confirmation.Missing(call, request.IsConfirmed, approval, name, RestoreJson.Write(plan))
            ?? await RunAnswer.BeginAsync(call, OrderOf(backup.Job, request));
    }

    public static RunOrder OrderOf(string job, RestoreRequest request) => new DirectOrder
    {
        What = RunKind.Restore,
        Job = job,
        Work = async (engine, progress, cancellationToken) =>
        {
            // Nothing is built upon a restore that could not be put back.
            if (RestoreRecovery.IsNeeded(engine))
            {
                await RestoreRecovery.RunAsync(engine with { RunIds = null }, progress, cancellationToken);
            }
            var plan = await RestorePlan.ComputeAsync(engine, request, cancellationToken);
            engine.Report?.Invoke(RestoreJson.Write(await RestoreRun.ExecuteAsync(plan, progress, cancellationToken)));
        },
    };

    private static async Task<Answer?> RollbackAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.RollbackBody);
        if (body.ToDeploy)
        {
            return await ToDeployAsync(call, body);
        }
        if (body.Only is { Count: > 0 })
        {
            throw new LarderException(EngineError.UsageInvalid, "\"only\" goes with \"to_deploy\": a restore is rolled back as a whole.");
        }
        var plan = RollbackPlan.Compute(await call.Services.EngineAsync(call.Cancelled), body.Run);
        if (!call.Caller.MaySee(plan.Job))
        {
            throw new LarderException(EngineError.UnknownRun, "There is no such restore whose replaced data is kept.");
        }
        var (name, text) = ($"restore {plan.RunId}", RestoreJson.Write(plan));
        return body.DryRun
            ? Answer.Json(text) with { Target = name }
            : Confirmation.Missing(call, body.Confirm, body.Approval, name, text)
                ?? await RunAnswer.BeginAsync(call, OrderOf(plan.Job, plan.RunId));
    }

    private static async Task<Answer?> ToDeployAsync(ApiCall call, RollbackBody body)
    {
        if (body.Run is not null)
        {
            throw new LarderException(EngineError.UsageInvalid, "\"run\" and \"to_deploy\" say two different things; give one of them.");
        }
        var backup = DeployBackup.Newest((await BackupNames.VisibleAsync(call)).Select(one => one.Backup));
        var request = new RestoreRequest
        {
            Backup = backup.BackupId,
            Only = body.Only ?? [],
            IsConfirmed = body.Confirm && !body.DryRun,
        };
        return await PlanOrBeginAsync(call, backup, request, body.DryRun, body.Approval);
    }

    private static async Task<Answer?> ResumeAsync(ApiCall call)
    {
        var known = await call.Services.EngineAsync(call.Cancelled);
        RestoreRecovery.RemoveLeftovers(known);
        if (!RestoreRecovery.IsNeeded(known))
        {
            return Answer.Json(RestoreJson.Write([]));
        }
        return await RunAnswer.BeginAsync(call, new DirectOrder
        {
            What = RunKind.Restore,
            IsRecovery = true,
            Work = async (engine, progress, cancellationToken) =>
                engine.Report?.Invoke(RestoreJson.Write(await RestoreRecovery.RunAsync(engine, progress, cancellationToken))),
        });
    }

    private static DirectOrder OrderOf(string? job, string run) => new()
    {
        What = RunKind.Rollback,
        Job = job,
        Work = async (engine, progress, cancellationToken) =>
        {
            var plan = RollbackPlan.Compute(engine, run);
            engine.Report?.Invoke(RestoreJson.Write(await RollbackRun.ExecuteAsync(plan, progress, cancellationToken)));
        },
    };
}
