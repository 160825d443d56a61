using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>Who is who: the first owner, login, logout, one's own password.</summary>
internal static class SessionRoutes
{
    private const string Example =
        """
        {"name":"ada","role":"admin","role_id":1,"way":"session","scopes":null,"jobs":null,"csrf_token":"3w9…"}
        """;

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "POST",
            Path = "/api/owner",
            Action = "session.owner",
            Summary = "Makes the first owner, with the link that the first start printed.",
            Details = "The link works once, for a day, and only while there is no user.",
            Needs = Needs.Nothing,
            Body = BodyJson.Default.OwnerBody,
            BodyExample = """{"link":"k3J…","name":"ada","password":"a long passphrase of hers"}""",
            Status = 201,
            AnswerExample = Example,
            Run = OwnerAsync,
        },
        new()
        {
            Method = "POST",
            Path = "/api/session",
            Action = "session.login",
            Summary = "Logs in with name and password; the answer sets the cookie of the session.",
            Details = "Changes then need the header `X-CSRF-Token` with the `csrf_token` of the answer. After five wrong passwords a user "
                + "is locked for a minute, and longer with each more.",
            Needs = Needs.Nothing,
            Body = BodyJson.Default.LoginBody,
            BodyExample = """{"name":"ada","password":"a long passphrase of hers"}""",
            AnswerExample = Example,
            Run = LoginAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/session",
            Action = "session.show",
            Summary = "Says who the caller is, and what a change with a session must carry.",
            Needs = Needs.Somebody,
            AnswerExample = Example,
            Run = call => Task.FromResult<Answer?>(Answer.Json(Document(call.Caller))),
        },
        new()
        {
            Method = "DELETE",
            Path = "/api/session",
            Action = "session.logout",
            Summary = "Logs out.",
            Needs = Needs.Somebody,
            Status = 204,
            Run = Logout,
        },
        new()
        {
            Method = "PUT",
            Path = "/api/session/password",
            Action = "session.password",
            Summary = "Changes one's own password. All sessions end.",
            Needs = Needs.Somebody with { Scope = Scope.Admin },
            Body = BodyJson.Default.PasswordBody,
            BodyExample = """{"current":"a long passphrase of hers","password":"another long passphrase"}""",
            Status = 204,
            Run = PasswordAsync,
        },
    ];

    private static async Task<Answer?> OwnerAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.OwnerBody);
        EnsureGuessIsTaken(call);
        var owner = new OwnerLink(call.Services.Catalog).Use(body.Link, body.Name, body.Password);
        return Begin(call, owner) with { Status = 201 };
    }

    private static async Task<Answer?> LoginAsync(ApiCall call)
    {
        if (call.Context.Request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none"))
        {
            throw new LarderException(EngineError.ForgedRequest, "Only Larder's own page logs in by a browser.");
        }
        var body = await call.BodyAsync(BodyJson.Default.LoginBody);
        EnsureGuessIsTaken(call);

        // Whose password is guessed should be known; a name that is nobody's may be a password in the wrong field.
        call.About = call.Services.Users.Find(body.Name)?.Name;
        var outcome = call.Services.Users.Login(body.Name, body.Password);
        return outcome == LoginOutcome.Welcome
            ? Begin(call, call.Services.Users.Get(body.Name))
            : throw new LarderException(
                EngineError.LoginRefused, "Name and password do not fit, or too many wrong ones were tried.");
    }

    private static Task<Answer?> Logout(ApiCall call)
    {
        if (SessionCookie.Read(call.Context.Request) is { } secret)
        {
            call.Services.Sessions.End(secret);
            SessionCookie.Remove(call.Context);
        }
        return Task.FromResult<Answer?>(Answer.Nothing with { Target = call.Caller.Name });
    }

    private static async Task<Answer?> PasswordAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.PasswordBody);
        EnsureGuessIsTaken(call);
        if (body.Current is null || call.Services.Users.Login(call.Caller.Name, body.Current) != LoginOutcome.Welcome)
        {
            throw new LarderException(EngineError.LoginRefused, "The current password does not fit.");
        }
        call.Services.Users.SetPassword(call.Caller.Name, body.Password);
        return Answer.Nothing with { Target = call.Caller.Name };
    }

    private static Answer Begin(ApiCall call, User user)
    {
        var secret = call.Services.Sessions.Begin(user.Name, Gate.AddressOf(call.Context));
        SessionCookie.Write(call.Context, secret);
        var caller = new Caller
        {
            Name = user.Name,
            Role = user.Role,
            Way = CallerWay.Session,
            CsrfToken = SessionStore.CsrfTokenOf(secret),
        };
        return Answer.Json(Document(caller)) with { Target = user.Name };
    }

    /// <summary>Passwords, links, and sign-ins of an identity provider count together.</summary>
    internal static void EnsureGuessIsTaken(ApiCall call)
    {
        if (!call.Services.Limits.TakesGuess(Gate.AddressOf(call.Context)))
        {
            throw new LarderException(EngineError.TooManyRequests, "Too many tries from this address.");
        }
    }

    private static JsonObject Document(Caller caller) => new()
    {
        ["name"] = caller.Name,
        ["role"] = AccessWords.Of(caller.Role),
        ["role_id"] = (int)caller.Role,
        ["way"] = caller.Way.ToString().ToLowerInvariant(),
        ["scopes"] = caller.Scopes is { } scopes
            ? new JsonArray([.. scopes.Select(scope => (JsonNode?)JsonValue.Create(AccessWords.Of(scope)))])
            : null,
        ["jobs"] = caller.Jobs is { } jobs ? new JsonArray([.. jobs.Select(job => (JsonNode?)JsonValue.Create(job))]) : null,
        ["csrf_token"] = caller.CsrfToken,
    };
}
