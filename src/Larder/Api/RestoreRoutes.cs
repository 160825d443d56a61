using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Restore;
using Larder.Engine.Restore.Transaction;

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
            Details = "Without `run` the last restore is meant. Without `confirm` nothing is done and the plan is answered (428).",
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
    ];

    private static async Task<Answer?> RestoreAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.RestoreBody);
        if (body.As is not null && body.Entry is null)
        {
            throw new LarderException(EngineError.UsageInvalid, "\"as\" gives another name to the one entry that \"entry\" names.");
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
            WithUsers = body.WithUsers,
            Overwrites = body.InPlace,
            SkipsSafety = body.NoSafety,
            IsConfirmed = body.Confirm && !body.DryRun,
        };
        var name = $"{backup.Job}:{backup.Timestamp}";
        var plan = await RestorePlan.ComputeAsync(await call.Services.EngineAsync(call.Cancelled), request, call.Cancelled);
        if (body.DryRun)
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
        return Confirmation.Missing(call, body.Confirm, body.Approval, name, RestoreJson.Write(plan))
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
