using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring.Channels;

namespace Larder.Cli.Commands;

/// <summary>`larder config`.</summary>
internal static class ConfigCommand
{
    public static LarderCommand Create() => CommandTree.Group(
        "config",
        "Check and show the configuration.",
        new LarderCommand("validate", "List every problem of the configuration at once, each with a value that would work.")
        {
            Run = ValidateAsync,
            Examples =
            [
                new("larder config validate", "the configuration that would be used"),
                new("larder --config new.yaml config validate", "another one"),
            ],
            Json = "An object: `valid`, `file`, `problems` and `warnings` (arrays of `key`, `file`, `line`, `column`, `message`, "
                + "`suggestion`).",
        },
        new LarderCommand("show", "Show the configuration in force, with defaults; secrets are ***.")
        {
            Run = ShowAsync,
            Examples = [new("larder config show", "what is in force, and where it comes from")],
            Json = "An object with `file` and the keys of the configuration.",
        },
        new LarderCommand("example", "Print a configuration with every key, to begin with.")
        {
            Run = ExampleAsync,
            Examples = [new("larder config example > larder.yaml", "begin with it")],
            Json = "An object with `yaml`, the text.",
        });

    private static async Task<ExitStatus> ValidateAsync(Call call, CancellationToken cancellationToken)
    {
        var result = await AlertAddresses.CheckAsync(call.Configuration, cancellationToken);
        if (call.IsJson)
        {
            call.Answer(ConfigurationWriter.ValidationJson(result));
        }
        else
        {
            foreach (var problem in result.Problems)
            {
                call.Print(Lines(problem));
            }
        }
        foreach (var warning in result.Warnings)
        {
            call.Words.Warn(warning.ToString());
        }
        if (result.Configuration is { } sound)
        {
            var where = sound.File ?? "The configuration made of variables";
            call.Words.Say($"{where} is valid: {Show.Count(sound.Repositories.Count, "repository", "repositories")}, "
                + $"{Show.Count(sound.Jobs.Count, "job")}.");
            return ExitStatus.Done;
        }
        call.Words.WriteLine(
            $"{call.Words.Ink.Red("INVALID:")} {Show.Count(result.Problems.Count, "problem")} in "
                + $"{result.File ?? "the variables of the environment"}.");
        return ExitStatus.Usage;
    }

    private static Task<ExitStatus> ShowAsync(Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (call.Configuration.Configuration is null)
        {
            throw new RefusedConfigurationException(call.Configuration);
        }
        if (call.IsJson)
        {
            call.Answer(ConfigurationWriter.ShowJson(call.Configuration));
        }
        else
        {
            call.Print(ConfigurationWriter.Show(call.Configuration));
        }
        return Task.FromResult(ExitStatus.Done);
    }

    private static Task<ExitStatus> ExampleAsync(Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (call.IsJson)
        {
            call.Answer(new JsonObject { ["yaml"] = ConfigurationExample.Text });
        }
        else
        {
            call.Print(ConfigurationExample.Text);
        }
        return Task.FromResult(ExitStatus.Done);
    }

    private static string Lines(ConfigurationProblem problem) => string.Join('\n', problem.ToString().Split('\n').Select(TextWidth.Plain));
}
