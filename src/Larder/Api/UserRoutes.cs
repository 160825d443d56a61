using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine.Access;

namespace Larder.Api;

/// <summary>Users and their roles. Who gives roles is an owner.</summary>
internal static class UserRoutes
{
    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/users",
            Action = "user.list",
            Summary = "Lists the users.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            AnswerExample = $"[{Examples.User.Trim()}]",
            Run = call => Task.FromResult<Answer?>(
                Answer.Json(new JsonArray([.. call.Services.Users.All().Select(user => (JsonNode)AccessJson.Of(user))]))),
        },
        new()
        {
            Method = "POST",
            Path = "/api/users",
            Action = "user.add",
            Summary = "Adds a user.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            Body = BodyJson.Default.UserBody,
            BodyExample = """{"name":"grace","role":"operator","password":"a long passphrase of hers"}""",
            Status = 201,
            AnswerExample = Examples.User,
            Run = AddAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/users/{name}",
            Action = "user.show",
            Summary = "Shows one user.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            AnswerExample = Examples.User,
            Run = call => Task.FromResult<Answer?>(Answer.Json(AccessJson.Of(call.Services.Users.Get(call.Part("name"))))),
        },
        new()
        {
            Method = "PUT",
            Path = "/api/users/{name}/role",
            Action = "user.role",
            Summary = "Gives a user another role. The user's sessions end.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            Body = BodyJson.Default.RoleBody,
            BodyExample = """{"role":"viewer"}""",
            AnswerExample = Examples.User,
            Run = RoleAsync,
        },
        new()
        {
            Method = "PUT",
            Path = "/api/users/{name}/password",
            Action = "user.password",
            Summary = "Gives a user a new password and takes a lock away. The user's sessions end.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            Body = BodyJson.Default.PasswordBody,
            BodyExample = """{"password":"another long passphrase"}""",
            Status = 204,
            Run = PasswordAsync,
        },
        new()
        {
            Method = "PUT",
            Path = "/api/users/{name}/disabled",
            Action = "user.disable",
            Summary = "Lets nobody in as this user any more: sessions end, tokens and passwords are not taken.",
            Details = "The last owner stays. Somebody whom the identity provider names is kept out so; removed, they would be made anew.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            AnswerExample = Examples.User.Replace(
                "\"disabled_at\":null", "\"disabled_at\":\"2024-11-08T12:00:00+00:00\"", StringComparison.Ordinal),
            Run = call => Task.FromResult<Answer?>(SetDisabled(call, true)),
        },
        new()
        {
            Method = "DELETE",
            Path = "/api/users/{name}/disabled",
            Action = "user.enable",
            Summary = "Lets a user in again who was disabled.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            AnswerExample = Examples.User,
            Run = call => Task.FromResult<Answer?>(SetDisabled(call, false)),
        },
        new()
        {
            Method = "DELETE",
            Path = "/api/users/{name}",
            Action = "user.remove",
            Summary = "Removes a user with sessions and tokens. The last owner stays.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            Status = 204,
            Run = call =>
            {
                call.Services.Users.Remove(call.Part("name"));
                return Task.FromResult<Answer?>(Answer.Nothing with { Target = call.Part("name") });
            },
        },
    ];

    private static async Task<Answer?> AddAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.UserBody);
        var user = call.Services.Users.Add(body.Name, AccessWords.RoleOf(body.Role), body.Password);
        return Answer.Json(AccessJson.Of(user), 201) with
        {
            Headers = [("Location", $"/api/users/{Uri.EscapeDataString(user.Name)}")],
            Target = $"{user.Name} as {body.Role}",
        };
    }

    private static async Task<Answer?> RoleAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.RoleBody);
        var user = call.Services.Users.SetRole(call.Part("name"), AccessWords.RoleOf(body.Role));
        return Answer.Json(AccessJson.Of(user)) with { Target = $"{user.Name} as {body.Role}" };
    }

    private static Answer SetDisabled(ApiCall call, bool isDisabled)
    {
        var user = call.Services.Users.SetDisabled(call.Part("name"), isDisabled);
        return Answer.Json(AccessJson.Of(user)) with { Target = user.Name };
    }

    private static async Task<Answer?> PasswordAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.PasswordBody);
        call.Services.Users.SetPassword(call.Part("name"), body.Password);
        return Answer.Nothing with { Target = call.Part("name") };
    }
}
