using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>Tokens of programs.</summary>
internal static class TokenRoutes
{
    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/tokens",
            Action = "token.list",
            Summary = "Lists one's own tokens, without their secrets; an owner sees everybody's with `all`.",
            Needs = Needs.Of(Role.Viewer, Scope.Admin, JobRule.All),
            Query = [new("all", "boolean", "Everybody's; for owners.", "false")],
            AnswerExample = $"[{Examples.Token.Trim()}]",
            Run = call => Task.FromResult<Answer?>(List(call)),
        },
        new()
        {
            Method = "POST",
            Path = "/api/tokens",
            Action = "token.create",
            Summary = "Makes a token for oneself. Its secret is in this answer and never shown again.",
            Details = "It may do what its scopes say and its user may, with the jobs that it names. It ends after 90 days unless "
                + "`expires_in` says otherwise (`30d`, `never`). A token that makes a token gives it no more than it has itself.",
            Needs = Needs.Of(Role.Viewer, Scope.Admin),
            Body = BodyJson.Default.TokenBody,
            BodyExample = """{"name":"deployment","scopes":["read","backup"],"jobs":["journal"],"expires_in":"90d"}""",
            Status = 201,
            AnswerExample = Examples.Token.Trim().TrimEnd('}') + ""","token":"larder_Qm9…"}""",
            Run = CreateAsync,
        },
        new()
        {
            Method = "DELETE",
            Path = "/api/tokens/{id}",
            Action = "token.revoke",
            Summary = "Revokes a token at once; one's own, and as an owner anybody's.",
            Needs = Needs.Of(Role.Viewer, Scope.Admin, JobRule.All),
            AnswerExample = Examples.Token,
            Run = call => Task.FromResult<Answer?>(Revoke(call)),
        },
    ];

    private static Answer List(ApiCall call)
    {
        var all = call.Flag("all");
        if (all && call.Caller.Role != Role.Owner)
        {
            throw new LarderException(EngineError.NotAllowed, "Everybody's tokens are for owners.");
        }
        var tokens = call.Services.Tokens.All(all ? null : call.Caller.Name);
        return Answer.Json(new JsonArray([.. tokens.Select(one => (JsonNode)AccessJson.Of(one))]));
    }

    private static async Task<Answer?> CreateAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.TokenBody);
        var scopes = body.Scopes.Select(AccessWords.ScopeOf).ToList();
        if (call.Caller.Scopes is { } own && scopes.Except(own).Any())
        {
            throw new LarderException(EngineError.NotAllowed, "A token cannot give more scopes than it has itself.");
        }
        foreach (var job in body.Jobs ?? [])
        {
            JobNames.Of(call, job);
        }
        if (body.Jobs is null)
        {
            call.Caller.EnsureJob(null);
        }
        var (token, secret) = call.Services.Tokens.Create(new NewToken
        {
            User = call.Caller.Name,
            Name = body.Name,
            Scopes = scopes,
            Jobs = body.Jobs,
            ExpiresIn = AccessWords.LastingOf(body.ExpiresIn),
        });
        return Answer.Json(AccessJson.Of(token, secret), 201) with
        {
            Headers = [("Location", $"/api/tokens/{token.Id}")],
            Target = $"{token.Id} {string.Join(' ', body.Scopes)}",
        };
    }

    private static Answer Revoke(ApiCall call)
    {
        var found = call.Services.Tokens.Find(call.Part("id"));
        if (found is null || (call.Caller.Role != Role.Owner && !found.User.Equals(call.Caller.Name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new LarderException(EngineError.UnknownToken, "There is no token of this id among yours.");
        }
        return Answer.Json(AccessJson.Of(call.Services.Tokens.Revoke(found.Id))) with { Target = $"{found.Id} of {found.User}" };
    }
}
