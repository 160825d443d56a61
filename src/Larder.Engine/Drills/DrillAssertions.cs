using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.Throwaway;
using Larder.Sources.Tools;

namespace Larder.Engine.Drills;

/// <summary>Asks the restored data what the job says must be true of them.</summary>
internal sealed class DrillAssertions(EngineContext context, DrillSettings settings, DrillTally tally)
{
    /// <summary>Where a program finds the restored files, or the file.</summary>
    public const string PathVariable = "LARDER_DRILL_PATH";

    /// <summary>Where a program finds the restored server and database.</summary>
    public const string UrlVariable = "LARDER_DRILL_URL";

    private static readonly TimeSpan ShellBound = TimeSpan.FromHours(1);

    public async Task AskServerAsync(ReadableSource source, DrillServer server, CancellationToken cancellationToken)
    {
        foreach (var assertion in Of(source))
        {
            var database = assertion.Database ?? (server.Databases is [var only] ? only : null);
            var kind = source.Engine == "mongodb" ? DrillAssertionKind.Command : DrillAssertionKind.Sql;
            IReadOnlyList<string> secrets = [server.UrlOf(database), server.Url, .. PasswordOf(server.Url)];
            await JudgeAsync(assertion, secrets, FindCircumstanceAsync, () => assertion.Kind switch
            {
                DrillAssertionKind.Shell => RunAsync(assertion, UrlVariable, server.UrlOf(database), cancellationToken),
                _ when assertion.Kind != kind => Answer($"a {source.Engine} source is asked by \"{kind.ToString().ToLowerInvariant()}\""),
                _ when database is null => Answer(
                    $"the source has the databases {string.Join(", ", server.Databases)}; say with \"database\" which is asked"),
                _ when !server.Databases.Contains(database) => Answer($"the backup has no database {database}"),
                _ => AskAsync(() => server.AskAsync(database, assertion.Text, cancellationToken)),
            });
        }

        // A question to a server that is gone was not answered, which is not the same as answered with no.
        Task<string?> FindCircumstanceAsync() => server.FindCircumstanceAsync("", cancellationToken);
    }

    /// <param name="path">The restored folder, or the file where the source is one.</param>
    public async Task AskFilesAsync(ReadableSource source, string path, CancellationToken cancellationToken)
    {
        foreach (var assertion in Of(source))
        {
            await JudgeAsync(assertion, [], () => Task.FromResult<string?>(null), () => assertion.Kind switch
            {
                DrillAssertionKind.Shell => RunAsync(assertion, PathVariable, path, cancellationToken),
                DrillAssertionKind.Sql when source.Engine == "sqlite" =>
                    AskAsync(() => SqliteQuestion.AskAsync(path, assertion.Text, cancellationToken)),
                _ => Answer($"a {source.Engine} source is asked by {(source.Engine == "sqlite" ? "\"sql\" or " : "")}\"shell\""),
            });
        }
    }

    private IEnumerable<DrillAssertion> Of(ReadableSource source) =>
        settings.Assertions.Where(assertion => assertion.Source == source.Name);

    private async Task JudgeAsync(
        DrillAssertion assertion, IReadOnlyList<string> secrets, Func<Task<string?>> findCircumstance, Func<Task<string?>> ask)
    {
        // What a program said may hold what it was told.
        var message = secrets.Aggregate(await ask(), (text, secret) => text?.Replace(secret, "***", StringComparison.Ordinal));
        if (message is not null && await findCircumstance() is { } circumstance)
        {
            throw new LarderException(
                EngineError.DrillImpossible, $"The assertions on source \"{assertion.Source}\" could not be asked. {circumstance}");
        }
        var kind = assertion.Kind.ToString().ToLowerInvariant();
        tally.Assertions.Add(new AssertionResult(assertion.Source, kind, assertion.Shown, message is null, message));
        if (message is not null)
        {
            tally.Add(
                assertion.Source,
                new LarderException(
                    EngineError.AssertionFailed,
                    $"The assertion \"{assertion.Shown}\" on source \"{assertion.Source}\" is not true: {message}."));
        }
    }

    private static IEnumerable<string> PasswordOf(string url)
    {
        var place = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('/', '?')[0];
        var at = place.LastIndexOf('@');
        var colon = place.IndexOf(':', StringComparison.Ordinal);
        return colon >= 0 && colon + 1 < at ? [place[(colon + 1)..at], Uri.UnescapeDataString(place[(colon + 1)..at])] : [];
    }

    private static Task<string?> Answer(string message) => Task.FromResult<string?>(message);

    private static async Task<string?> AskAsync(Func<Task<string?>> ask)
    {
        try
        {
            return await ask() is { } answer ? $"it answered {answer}" : null;
        }
        catch (SourceException e)
        {
            return e.Message.TrimEnd('.');
        }
    }

    private async Task<string?> RunAsync(DrillAssertion assertion, string variable, string place, CancellationToken cancellationToken)
    {
        var start = ToolStart.Shell(assertion.Text, "The command line") with
        {
            Environment = new Dictionary<string, string> { [variable] = place, ["LARDER_DRILL_SOURCE"] = assertion.Source },
            EndsWithUs = true,
            Timeout = ShellBound,
        };
        try
        {
            await using var process = ToolProcess.Start(start, context.Clock);
            await process.Output.CopyToAsync(Stream.Null, cancellationToken);
            await process.CompleteAsync(cancellationToken);
            return null;
        }
        catch (SourceException e)
        {
            return e.Message.TrimEnd('.');
        }
    }
}
