using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring.Channels;

namespace Larder.Api;

/// <summary>The configuration: shown, checked, and an example. It is changed where it is written, and nowhere else.</summary>
internal static class ConfigurationRoutes
{
    private const string Validation =
        """
        {"valid":false,"file":"/etc/larder/larder.yaml","problems":[{"key":"jobs.journal.to","file":"/etc/larder/larder.yaml","line":9,
        "column":11,"message":"There is no repository \"offsite\".","suggestion":"local"}],"warnings":[]}
        """;

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/configuration",
            Action = "configuration.show",
            Summary = "Shows the configuration that the service goes by, with defaults; secrets are `***`.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            AnswerExample = """{"file":"/etc/larder/larder.yaml","repositories":{"local":{"path":"/srv/repository","password":"***"}}}""",
            Run = call => Task.FromResult<Answer?>(Answer.Json(ConfigurationWriter.ShowJson(call.Services.Configuration))),
        },
        new()
        {
            Method = "GET",
            Path = "/api/configuration/validation",
            Action = "configuration.validate",
            Summary = "Lists every problem of the configuration as it is written now.",
            Details = "One with problems is not taken over: the service goes on with what `GET /api/configuration` shows.",
            Needs = Needs.Of(Role.Admin, Scope.Admin, JobRule.All),
            AnswerExample = Validation,
            Run = call => JudgeAsync(call, call.Services.Parts.Configuration.Read()),
        },
        new()
        {
            Method = "POST",
            Path = "/api/configuration/validation",
            Action = "configuration.try",
            Summary = "Lists every problem of a configuration that is sent along. It is not kept.",
            Details = "It is read as if it stood in the place of the service's own file. Its variables are filled in, and what they hold "
                + "may stand in the answer, so this is for owners.",
            Needs = Needs.Of(Role.Owner, Scope.Admin, JobRule.All),
            Body = BodyJson.Default.ConfigurationBody,
            BodyExample = """{"yaml":"repositories: { local: { path: /srv/repository, password_file: /etc/larder/password } }"}""",
            AnswerExample = Validation,
            Run = TryAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/configuration/example",
            Action = "configuration.example",
            Summary = "Gives a configuration with every key, to begin with.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample = """{"yaml":"repositories:\n  local:\n    path: /var/lib/larder/repository\n"}""",
            Run = _ => Task.FromResult<Answer?>(Answer.Json(new JsonObject { ["yaml"] = ConfigurationExample.Text })),
        },
    ];

    private static async Task<Answer?> TryAsync(ApiCall call)
    {
        var body = await call.BodyAsync(BodyJson.Default.ConfigurationBody);
        var current = call.Services.Configuration;
        var environment = new ConfigurationEnvironment
        {
            Variables = current.Variables,
            WorkingDirectory = Environment.CurrentDirectory,
        };
        var file = current.File ?? Path.Combine(Environment.CurrentDirectory, "larder.yaml");
        return await JudgeAsync(call, ConfigurationLoader.LoadText(body.Yaml, file, environment));
    }

    private static async Task<Answer?> JudgeAsync(ApiCall call, ConfigurationResult result) =>
        Answer.Json(ConfigurationWriter.ValidationJson(await AlertAddresses.CheckAsync(result, call.Cancelled)));
}
