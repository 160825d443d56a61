using System.Net;
using System.Text;
using Larder.Auth;
using Larder.Auth.OpenId;
using Larder.Engine.Access;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>Logging in with the identity provider of <c>access.oidc</c>. Both are a browser's, and none is for programs.</summary>
internal static class SignInRoutes
{
    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = SignIn.BeginPath,
            Action = "session.oidc",
            Summary = "Sends a browser to the identity provider to log in.",
            Details = "The provider of `access.oidc`, by OpenID Connect with PKCE. A cookie binds what comes back to this browser, for ten "
                + "minutes. Whoever is logged in with a password while they begin is bound to the person that the provider names.",
            Needs = Needs.Nothing,
            Query = [new("return", "string", "A path of Larder's to go to after.", "/api/docs")],
            Status = 302,
            AnswerType = "text/html",
            Run = BeginAsync,
        },
        new()
        {
            Method = "GET",
            Path = SignIn.EndPath,
            Action = "session.oidc.callback",
            Summary = "Where the identity provider sends the browser back to; sets the cookie of the session and leads on.",
            Details = "Whom Larder does not know becomes a user, if the provider gives a role; it follows the provider at each login.",
            Needs = Needs.Nothing,
            Query =
            [
                new("code", "string", "What the provider gives for a token.", "SplxlOBeZQQYbYS6WxSbIA"),
                new("state", "string", "What belongs to the cookie.", "af0ifjsldkj"),
            ],
            AnswerType = "text/html",
            Run = EndAsync,
        },
    ];

    private static async Task<Answer?> BeginAsync(ApiCall call)
    {
        SessionRoutes.EnsureGuessIsTaken(call);
        var session = call.CallerOrNull is { Way: CallerWay.Session } caller ? caller.Name : null;
        var address = await call.Services.SignIn.BeginAsync(call.Context, call.Query("return"), session, call.Cancelled);
        return new Answer { Status = StatusCodes.Status302Found, Headers = [("Location", address)] };
    }

    private static async Task<Answer?> EndAsync(ApiCall call)
    {
        SessionRoutes.EnsureGuessIsTaken(call);
        string? name = null;
        try
        {
            var (person, pending) = await call.Services.SignIn.EndAsync(call.Context, call.Cancelled);
            name = person.Name;
            var (user, arrival) = new ProviderAccounts(call.Services.Catalog).Enter(person, pending.LoggedInAs);
            SessionCookie.Write(call.Context, call.Services.Sessions.Begin(user.Name, Gate.AddressOf(call.Context)));
            Note(call, user.Name, AuditOutcome.Done, arrival switch
            {
                ProviderArrival.New => $"made as {AccessWords.Of(user.Role)}",
                ProviderArrival.Bound => "bound to the person of the provider",
                _ => "",
            });
            await ShowAsync(call, user, pending.Return);
            return null;
        }
        catch (LarderException e) when (e.Error != EngineError.UnknownAddress)
        {
            Note(call, name, Problem.ReportOf(e).HttpStatus < 500 ? AuditOutcome.Refused : AuditOutcome.Failed, e.Message);
            throw;
        }
    }

    /// <summary>
    /// A page that leads on, and no 302: a browser on its way back from another site would not send the session's Strict cookie along.
    /// </summary>
    private static async Task ShowAsync(ApiCall call, User user, string path)
    {
        var (name, target) = (WebUtility.HtmlEncode(user.Name), WebUtility.HtmlEncode(path));
        var page = Encoding.UTF8.GetBytes(
            $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="refresh" content="0;url={target}">
            <title>Larder: logged in</title>
            <link rel="stylesheet" href="/api/docs.css">
            </head>
            <body><main><p>{name} is logged in. <a href="{target}">Go on</a></p></main></body>
            </html>
            """);
        var response = call.Context.Response;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = page.Length;
        await response.Body.WriteAsync(page, call.Cancelled);
    }

    private static void Note(ApiCall call, string? name, AuditOutcome outcome, string details) =>
        call.Services.Gate.Audit.Append(new AuditEvent
        {
            Actor = outcome == AuditOutcome.Done ? name! : "anonymous", // A name that the provider gives is no user's until it is believed.
            Way = "oidc",
            Address = Gate.AddressOf(call.Context),
            Action = call.Route.Action,
            Target = name ?? "",
            Outcome = outcome,
            Details = details,
        });
}
