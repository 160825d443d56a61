using System.Text.Json.Nodes;
using Larder.Engine.Access;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>What replaces or removes data is done only when it was meant: confirmed, and, if configured, by two persons.</summary>
internal static class Confirmation
{
    /// <summary>
    /// Null where it may be done. Otherwise the answer: the plan that waits for a confirmation (428), or for a second person (202).
    /// </summary>
    /// <param name="call">Its body was read.</param>
    /// <param name="isConfirmed">What the body says.</param>
    /// <param name="approval">The second person's yes that the body names.</param>
    /// <param name="target">To what, for the second person.</param>
    /// <param name="plan">What will be done, as JSON; null where there is none to show.</param>
    public static Answer? Missing(ApiCall call, bool isConfirmed, string? approval, string target, string? plan)
    {
        var shown = plan is null ? null : JsonNode.Parse(plan);
        if (!isConfirmed)
        {
            var missing = Problem.Of(
                new LarderException(EngineError.ConfirmationMissing, "Nothing was changed: \"confirm\": true is missing.")
                {
                    Hint = "if the plan is what you want, repeat the request with \"confirm\": true.",
                },
                call.Context.TraceIdentifier);
            return shown is null ? missing : missing.With("plan", shown);
        }
        return SecondPersonMissing(call, approval, target, shown);
    }

    public static Answer? SecondPersonMissing(ApiCall call, string? approval, string target, JsonNode? plan)
    {
        if (!call.Services.Configuration.Access.SecondPerson)
        {
            return null;
        }
        var request = RequestText(call);
        if (approval is not null)
        {
            return call.Services.Approvals.TryUse(approval, call.Route.Action, request, call.Caller.Name)
                ? null
                : throw new LarderException(
                    EngineError.SecondPersonNeeded, "The approval is not of this very request, or nobody has agreed, or it is over.");
        }
        var asked = call.Services.Approvals.Request(call.Route.Action, target, request, call.Caller.Name);
        var document = new JsonObject { ["approval"] = AccessJson.Of(asked), ["plan"] = plan };
        return Answer.Json(document, StatusCodes.Status202Accepted) with
        {
            Headers = [("Location", $"/api/approvals/{asked.Id}")],
            Target = target,
        };
    }

    // The yes is for the same call with the same body, whichever way its JSON was written; that it names the yes is left out.
    private static string RequestText(ApiCall call)
    {
        var body = JsonNode.Parse(call.BodyText.Length == 0 ? "{}" : call.BodyText) as JsonObject ?? [];
        var sorted = new JsonObject();
        foreach (var (name, value) in body.Where(pair => pair.Key != "approval").OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            sorted[name] = value?.DeepClone();
        }
        return $"{call.Context.Request.Method} {call.Context.Request.Path}\n{ApiJson.Write(sorted)}";
    }
}
