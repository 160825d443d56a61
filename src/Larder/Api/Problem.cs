using System.Text.Json.Nodes;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Larder.Api;

/// <summary>An error as RFC 9457 has it, with Larder's number and hint.</summary>
internal static class Problem
{
    public const string Type = "application/problem+json; charset=utf-8";

    /// <summary>What is answered for a failure. What nobody foresaw is in the log alone: its words may tell too much.</summary>
    public static Answer Of(Exception failure, string traceId)
    {
        var report = ReportOf(failure);
        var isOurs = report.Code != ErrorTable.Row(EngineError.Unexpected).Code
            && report.Code != ErrorTable.Row(EngineError.LocalFileFailed).Code;
        if (failure is LarderException { Error: EngineError.UsageInvalid } && report.Hint == ErrorTable.Row(EngineError.UsageInvalid).Hint)
        {
            report = report with { Hint = "GET /openapi/v1.json says what each call takes." };
        }
        return Of(
            report.Code,
            report.HttpStatus is >= 400 and < 600 ? report.HttpStatus : StatusCodes.Status500InternalServerError,
            isOurs ? report.Message : "Something failed that nobody foresaw; the log of the service has it under the trace id.",
            isOurs ? report.Hint : "look for the trace id in the log of the service.",
            traceId);
    }

    public static ErrorReport ReportOf(Exception failure) => failure switch
    {
        FailedRunException { Error: var error } => error,
        BadHttpRequestException bad => ErrorTable.Describe(
            new LarderException(EngineError.RequestRefused, "The request is too large, too slow, or not HTTP as it should be.")) with
        {
            HttpStatus = bad.StatusCode,
        },
        _ => ErrorTable.Describe(failure),
    };

    /// <summary>With a document more, such as the plan that waits for a confirmation.</summary>
    public static Answer With(this Answer problem, string name, JsonNode document)
    {
        var body = (JsonObject)JsonNode.Parse(problem.Text!)!;
        body[name] = document;
        return problem with { Text = ApiJson.Write(body) };
    }

    private static Answer Of(string code, int status, string message, string hint, string traceId)
    {
        var document = new JsonObject
        {
            ["type"] = $"urn:larder:error:{code}",
            ["title"] = ReasonPhrases.GetReasonPhrase(status),
            ["status"] = status,
            ["detail"] = message,
            ["code"] = code,
            ["hint"] = hint,
            ["trace_id"] = traceId,
        };
        return new Answer { Status = status, Text = ApiJson.Write(document), Type = Type };
    }
}
