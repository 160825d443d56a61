using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Repository;

namespace Larder.Cli;

/// <summary>Tells how a call failed: in words on stderr, or with --json as the one document on stdout.</summary>
internal sealed class FailureReport(Call call, bool isJson)
{
    public ExitStatus Write(Exception failure)
    {
        if (call.Verbosity > 1 || call.World.Variable("LARDER_DEBUG") is "1")
        {
            call.Words.WriteLine(failure.ToString());
        }
        var problems = (failure as RefusedConfigurationException)?.Result.Problems ?? [];
        var report = problems.Count > 0 ? Refusal(problems) : ErrorTable.Describe(failure, Around(failure));
        if (isJson)
        {
            call.Answer(Document(report, problems));
        }
        else
        {
            Say(report, problems);
        }
        return report.ExitStatus;
    }

    /// <summary>The document of an error: the same for every command.</summary>
    internal static JsonObject Document(ErrorReport report, IReadOnlyList<ConfigurationProblem> problems)
    {
        var error = new JsonObject
        {
            ["code"] = report.Code,
            ["message"] = report.Message,
            ["hint"] = report.Hint,
            ["exit_status"] = (int)report.ExitStatus,
        };
        if (problems.Count > 0)
        {
            error["problems"] = JsonText.Array(problems.Select(problem => problem.ToString()));
        }
        return new JsonObject { ["error"] = error };
    }

    private void Say(ErrorReport report, IReadOnlyList<ConfigurationProblem> problems)
    {
        var ink = call.Words.Ink;
        foreach (var problem in problems)
        {
            call.Words.WriteLine(string.Join('\n', problem.ToString().Split('\n').Select(TextWidth.Plain)));
        }
        var message = string.Join('\n', report.Message.Split('\n').Select(TextWidth.Plain));
        call.Words.WriteLine($"{ink.Bold(ink.Red(report.Code))} {message}");
        call.Words.WriteLine($"{ink.Bold("HINT:")} {TextWidth.Plain(report.Hint)}");
    }

    private static ErrorReport Refusal(IReadOnlyList<ConfigurationProblem> problems)
    {
        var notFound = problems is [{ Key: "", File: null }] or [{ Key: "", Message: "The file does not exist." }];
        var error = notFound ? EngineError.ConfigurationNotFound : EngineError.ConfigurationInvalid;
        var message = problems.Count == 1
            ? "The configuration has a problem; nothing was begun."
            : $"The configuration has {problems.Count} problems; nothing was begun.";
        return ErrorTable.Describe(new LarderException(error, message));
    }

    private ErrorContext Around(Exception failure) => new()
    {
        Repository = (failure as RepositoryException)?.Location is { } location ? call.RepositoryAt(location) : call.Repository,
    };
}
