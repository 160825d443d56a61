using System.Globalization;
using System.Text.Json.Nodes;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>Begins runs for calls, once for each request however often it is repeated.</summary>
internal static class RunAnswer
{
    private const int WaitSecondsMax = 600;
    private const string Trigger = "api";

    /// <summary>202 with the run; or 200 with the ended run where the caller prefers to wait.</summary>
    public static async Task<Answer> BeginAsync(ApiCall call, RunOrder order)
    {
        var (id, isRepeated) = Enqueue(call, order, 0);
        var (status, headers) = await AnsweredAsync(call, [id], isRepeated);
        headers.Add(("Location", $"/api/runs/{id}"));
        return Answer.Json(RunDocument.Of(call, id), status) with { Headers = headers, Target = order.JobName ?? "all jobs", RunId = id };
    }

    /// <summary>The same of several, as an array in the same order.</summary>
    public static async Task<Answer> BeginAsync(ApiCall call, IReadOnlyList<RunOrder> orders)
    {
        var begun = orders.Select((order, number) => Enqueue(call, order, number)).ToList();
        var ids = begun.ConvertAll(one => one.Id);
        var (status, headers) = await AnsweredAsync(call, ids, begun.TrueForAll(one => one.IsRepeated));
        return Answer.Json(new JsonArray([.. ids.Select(id => (JsonNode)RunDocument.Of(call, id))]), status) with
        {
            Headers = headers,
            Target = string.Join(' ', orders.Select(order => order.JobName).Distinct()),
            RunId = string.Join(' ', ids),
        };
    }

    private static async Task<(int Status, List<(string Name, string Value)> Headers)> AnsweredAsync(
        ApiCall call, IReadOnlyList<string> ids, bool isRepeated)
    {
        var headers = new List<(string, string)>();
        if (isRepeated)
        {
            headers.Add(("Idempotent-Replayed", "true"));
        }
        if (WaitOf(call) is not { } wait)
        {
            return (StatusCodes.Status202Accepted, headers);
        }
        headers.Add(("Preference-Applied", string.Create(CultureInfo.InvariantCulture, $"wait={wait.TotalSeconds}")));
        return (await EndWithinAsync(call, ids, wait) ? StatusCodes.Status200OK : StatusCodes.Status202Accepted, headers);
    }

    /// <summary>Begins a run and waits for its end, for calls whose documents have no runs. Fails as the run did.</summary>
    /// <returns>What the command line would have printed.</returns>
    public static async Task<(string RunId, JsonNode Report)> WaitAsync(ApiCall call, RunOrder order)
    {
        var id = call.Services.Queue.Enqueue(order, new RunOrigin(Trigger, call.Caller.Name));
        var run = await EndAsync(call, id, call.Cancelled); // Who goes away leaves the run to its end.
        return new RunReports(call.Services.Catalog).Find(id) is { } report
            ? (id, JsonNode.Parse(report)!)
            : throw new FailedRunException(new ErrorReport
            {
                Code = run?.ErrorCode ?? ErrorTable.Row(EngineError.Unexpected).Code,
                Message = run?.ErrorMessage ?? "The run ended without saying how.",
                Hint = run?.Hint ?? ErrorTable.Row(EngineError.Unexpected).Hint,
                ExitStatus = ExitStatus.Failed,
                HttpStatus = ErrorTable.Rows.FirstOrDefault(row => row.Code == run?.ErrorCode)?.HttpStatus ?? 500,
            });
    }

    /// <param name="number">Which run of the request: each has a key of its own, and no key that is sent has a line feed.</param>
    private static (string Id, bool IsRepeated) Enqueue(ApiCall call, RunOrder order, int number)
    {
        var origin = new RunOrigin(Trigger, call.Caller.Name);
        if (call.Context.Request.Headers["Idempotency-Key"] is not { Count: > 0 } given)
        {
            return (call.Services.Queue.Enqueue(order, origin), false);
        }
        var key = given.ToString();
        if (key.Length is 0 or > IdempotencyKeys.LengthMax || key.Any(char.IsControl))
        {
            throw new LarderException(
                EngineError.UsageInvalid, $"An Idempotency-Key has 1 to {IdempotencyKeys.LengthMax} characters, none of them control.");
        }
        key = number == 0 ? key : $"{key}\n{number}";
        var (keys, id) = (new IdempotencyKeys(call.Services.Catalog), RunId.New(call.Services.Clock));
        var request = $"{call.Context.Request.Method} {call.Context.Request.Path}\n{call.BodyText}";
        if (keys.Claim(call.Caller.Key, key, request, id) is { } before)
        {
            return (before, true);
        }
        try
        {
            return (call.Services.Queue.Enqueue(order, origin, id), false);
        }
        catch (LarderException)
        {
            keys.Release(call.Caller.Key, key, id);
            throw;
        }
    }

    // RFC 7240: "Prefer: wait=30".
    private static TimeSpan? WaitOf(ApiCall call)
    {
        foreach (var preference in call.Context.Request.Headers["Prefer"].SelectMany(list => (list ?? "").Split(',')))
        {
            if (preference.Trim().Split('=') is ["wait", var text]
                && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= WaitSecondsMax)
            {
                return TimeSpan.FromSeconds(seconds);
            }
        }
        return null;
    }

    private static async Task<bool> EndWithinAsync(ApiCall call, IReadOnlyList<string> ids, TimeSpan wait)
    {
        using var enough = new CancellationTokenSource(wait, call.Services.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, call.Cancelled);
        try
        {
            foreach (var id in ids)
            {
                await EndAsync(call, id, either.Token);
            }
            return true;
        }
        catch (OperationCanceledException) when (!call.Cancelled.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task<Run?> EndAsync(ApiCall call, string id, CancellationToken cancellationToken)
    {
        await foreach (var news in call.Services.Queue.FollowAsync(id, long.MaxValue, cancellationToken))
        {
            if (news.End is { } run)
            {
                return run;
            }
        }
        return null;
    }
}

/// <summary>A run that was waited for has failed; the answer is its error.</summary>
internal sealed class FailedRunException(ErrorReport error) : Exception(error.Message)
{
    public ErrorReport Error => error;
}
