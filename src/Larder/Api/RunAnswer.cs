using System.Globalization;
using System.Text.Json.Nodes;
using Larder.Api.Running;
using Larder.Engine.Access;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>Begins runs for calls, once for each request however often it is repeated.</summary>
internal static class RunAnswer
{
    private const int WaitSecondsMax = 600;

    /// <summary>202 with the run; or 200 with the ended run where the caller prefers to wait.</summary>
    public static async Task<Answer> BeginAsync(ApiCall call, RunOrder order)
    {
        var (run, id, isRepeated) = Order(call, order);
        var headers = new List<(string, string)> { ("Location", $"/api/runs/{id}") };
        if (isRepeated)
        {
            headers.Add(("Idempotent-Replayed", "true"));
        }
        var status = StatusCodes.Status202Accepted;
        if (WaitOf(call) is { } wait && run is not null)
        {
            headers.Add(("Preference-Applied", $"wait={wait.TotalSeconds:0}"));
            if (await EndsWithinAsync(call, run, wait))
            {
                status = StatusCodes.Status200OK;
            }
        }
        return Answer.Json(RunDocument.Of(call, id), status) with { Headers = headers, Target = order.Job ?? "all jobs", RunId = id };
    }

    /// <summary>Begins a run and waits for its end, for calls whose documents have no runs. Fails as the run did.</summary>
    public static async Task<JsonNode> WaitAsync(ApiCall call, RunOrder order)
    {
        var run = call.Services.Runs.Order(order, call.Services.Runs.NewId());
        var end = await run.Ended.WaitAsync(call.Cancelled); // Who goes away leaves the run to its end.
        return end.Error is { } error ? throw new FailedRunException(error) : JsonNode.Parse(end.Document!)!;
    }

    private static (OrderedRun? Run, string Id, bool IsRepeated) Order(ApiCall call, RunOrder order)
    {
        var (runs, id) = (call.Services.Runs, call.Services.Runs.NewId());
        if (call.Context.Request.Headers["Idempotency-Key"] is not { Count: > 0 } given)
        {
            return (runs.Order(order, id), id, false);
        }
        var key = given.ToString();
        if (key.Length is 0 or > IdempotencyKeys.LengthMax || key.Any(char.IsControl))
        {
            throw new LarderException(
                EngineError.UsageInvalid, $"An Idempotency-Key has 1 to {IdempotencyKeys.LengthMax} characters, none of them control.");
        }
        var keys = new IdempotencyKeys(call.Services.Catalog);
        var request = $"{call.Context.Request.Method} {call.Context.Request.Path}\n{call.BodyText}";
        if (keys.Claim(call.Caller.Key, key, request, id) is { } before)
        {
            return (runs.Find(before), before, true);
        }
        try
        {
            return (runs.Order(order, id), id, false);
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

    private static async Task<bool> EndsWithinAsync(ApiCall call, OrderedRun run, TimeSpan wait)
    {
        try
        {
            await run.Ended.WaitAsync(wait, call.Services.Clock, call.Cancelled);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}

/// <summary>A run that was waited for has failed; the answer is its error.</summary>
internal sealed class FailedRunException(ErrorReport error) : Exception(error.Message)
{
    public ErrorReport Error => error;
}
