using System.Text.Json.Nodes;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder init`.</summary>
internal static class InitCommand
{
    public static LarderCommand Create() => new("init", "Create the configured repositories. Harmless when repeated.")
    {
        Run = RunAsync,
        TakesRepository = true,
        Details =
            "A repository that is there already is opened, to prove that its password is the right one. Keep the password: without it\n"
            + "nothing can be restored, by nobody.",
        Examples =
        [
            new("larder init", "every repository of the configuration"),
            new("larder init --repository local", "one of them"),
        ],
        Statuses = [ExitStatus.Damage, ExitStatus.WrongPassword],
        Json = "An array with an object for each repository: `name`, `location`, `created` (false where it was there already), and "
            + "`error` where it failed while others were made.",
    };

    private static async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        // Before the engine says what is doubtful in the configuration: a file that is made here is not missing.
        if (call.Configuration.Configuration is { } sound && GeneratedPassword.MakeMissing(sound) is { } made)
        {
            call.RereadConfiguration();
            call.Words.Warn(
                $"The password of the repository was made and is in {made}. Keep a copy elsewhere: without it nothing can be restored.");
        }
        var engine = call.Engine;
        List<string> names = call.Repository is { } one ? [one] : [.. engine.Repositories.Names];
        var (lines, status) = (new JsonArray(), ExitStatus.Done);
        foreach (var name in names)
        {
            var location = LocationOf(engine.Repositories.SettingsOf(name).Location);
            var line = new JsonObject { ["name"] = name, ["location"] = location };
            try
            {
                var created = await engine.Repositories.CreateAsync(name, cancellationToken);
                line["created"] = created;
                if (!call.IsJson)
                {
                    call.Print(created
                        ? $"Created repository {name} at {location}."
                        : $"Repository {name} at {location} is there already; its password fits.");
                }
            }
            catch (Exception e) when (names.Count > 1 && e is not OperationCanceledException)
            {
                var report = ErrorTable.Describe(e, new ErrorContext { Repository = name });
                line["created"] = false;
                line["error"] = FailureReport.Document(report, [])["error"]!.DeepClone();
                status = status == ExitStatus.Done ? report.ExitStatus : status;
                call.Words.WriteLine(report.ToString());
            }
            lines.Add((JsonNode)line);
        }
        if (call.IsJson)
        {
            call.Answer(lines);
        }
        return status;
    }

    // Without user names and passwords, which a URL may hold.
    private static string LocationOf(RepositoryLocation location) => location switch
    {
        LocalLocation local => local.Path,
        S3Location s3 => $"s3:{s3.Endpoint}/{s3.Bucket}{(s3.Prefix is { Length: > 0 } prefix ? $"/{prefix}" : "")}",
        RestLocation rest when Uri.TryCreate(rest.Url, UriKind.Absolute, out var url) =>
            $"rest:{url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)}",
        RcloneLocation rclone => $"rclone:{rclone.Remote}",
        _ => location.Kind,
    };
}
