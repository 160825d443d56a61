using System.Security.Cryptography;
using System.Text;
using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Larder.Api;

/// <summary>From a request to its answer: what was done or refused is written into the audit log, what failed becomes a problem.</summary>
internal sealed class RouteExecution(ApiServices services, ILogger logger)
{
    public async Task RunAsync(HttpContext context, Route route)
    {
        var call = new ApiCall(context, route, services);
        Answer? answer;
        try
        {
            answer = await route.Run(call);
        }
        catch (Exception e) when (e is not OperationCanceledException || !context.RequestAborted.IsCancellationRequested)
        {
            NoteFailure(call, e);
            throw;
        }
        NoteSuccess(call, answer);
        if (answer is not null)
        {
            await WriteAsync(context, answer);
        }
    }

    /// <summary>Around everything: no exception reaches a caller as it is.</summary>
    public async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there any more.
        }
        catch (Exception e)
        {
            var problem = Problem.Of(e, context.TraceIdentifier);
            if (problem.Status >= StatusCodes.Status500InternalServerError)
            {
                var path = context.Request.Path.ToString().ReplaceLineEndings("?");
                Log.CallFailed(logger, context.Request.Method, path, context.TraceIdentifier, e);
            }
            if (context.Response.HasStarted)
            {
                context.Abort(); // Half an answer must not look like a whole one.
                return;
            }
            context.Response.Clear();
            await SecurityHeaders.AddAsync(context, _ => Task.CompletedTask);
            if (problem.Status == StatusCodes.Status401Unauthorized)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer realm=\"larder\"";
            }
            if (problem.Status == StatusCodes.Status429TooManyRequests)
            {
                context.Response.Headers.RetryAfter = "5";
            }
            await WriteAsync(context, problem);
        }
    }

    public static async Task WriteAsync(HttpContext context, Answer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            response.Headers[name] = value;
        }
        if (answer.Text is not { } text)
        {
            return;
        }
        var bytes = Encoding.UTF8.GetBytes(text);
        if (HttpMethods.IsGet(context.Request.Method) && answer.Status == StatusCodes.Status200OK)
        {
            var tag = answer.ETag ?? $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..32]}\"";
            response.Headers.ETag = tag;
            response.Headers.CacheControl = "private, no-cache"; // Kept by the caller alone, and asked about before it is used.
            var known = context.Request.Headers.IfNoneMatch.SelectMany(list => (list ?? "").Split(',')).Select(one => one.Trim());
            if (known.Any(one => one is "*" || one == tag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }
        response.ContentType = answer.Type;
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private void NoteSuccess(ApiCall call, Answer? answer)
    {
        // Looking into a backup is written down too: it is where the data is.
        if (call.Route.IsChange || call.Route.Needs.Scope == Scope.Data)
        {
            Note(call, AuditOutcome.Done, answer?.Target, answer?.RunId is { } run ? $"run {run}" : "");
        }
    }

    private void NoteFailure(ApiCall call, Exception failure)
    {
        var error = (failure as LarderException)?.Error;
        var isTrick = error is EngineError.BackupNameInvalid or EngineError.NotAllowed or EngineError.UnknownEntry;
        if (call.Route.IsChange || call.Route.Needs.Scope == Scope.Data || isTrick)
        {
            var report = Problem.ReportOf(failure);
            Note(call, report.HttpStatus < 500 ? AuditOutcome.Refused : AuditOutcome.Failed, null, report.Code);
        }
    }

    private void Note(ApiCall call, AuditOutcome outcome, string? target, string details) => services.Gate.Audit.Append(new AuditEvent
    {
        Actor = call.CallerOrNull?.Name ?? "anonymous",
        Way = call.CallerOrNull?.WayText ?? "none",
        Address = Gate.AddressOf(call.Context),
        Action = call.Route.Action,
        Target = target ?? call.About ?? call.Context.Request.Path,
        Outcome = outcome,
        Details = details,
    });
}
