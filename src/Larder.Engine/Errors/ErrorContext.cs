using System.Text.RegularExpressions;

namespace Larder.Engine.Errors;

/// <summary>What an error is about, in the words that a command takes. Context is added on the way up, where it is known.</summary>
public sealed partial record ErrorContext
{
    public static readonly ErrorContext None = new();

    public string? Job { get; init; }

    /// <summary>The repository's name in the configuration.</summary>
    public string? Repository { get; init; }

    public string? Backup { get; init; }

    public string? Source { get; init; }

    /// <summary>
    /// Fills <c>{job}</c>, <c>{repository}</c>, <c>{backup}</c> and <c>{source}</c>. What is not known is written as in the usage
    /// texts, <c>REPOSITORY</c>, so that the command shown still tells what to type.
    /// </summary>
    public string Fill(string template) => Place().Replace(template, place => place.Value switch
    {
        "{job}" => Job ?? "JOB",
        "{repository}" => Repository ?? "REPOSITORY",
        "{backup}" => Backup ?? "BACKUP",
        "{source}" => Source ?? "SOURCE",
        _ => place.Value,
    });

    /// <summary>
    /// Notes on an exception of a library, which knows nothing of jobs and sources, what it is about.
    /// </summary>
    /// <returns>False, for use as a filter: <c>catch (SourceException e) when (context.IsNotedOn(e))</c> catches nothing.</returns>
    public bool IsNotedOn(Exception exception)
    {
        exception.Data[typeof(ErrorContext)] = this.Or(Of(exception));
        return false;
    }

    /// <summary>What was noted on an exception; nothing where nothing was.</summary>
    public static ErrorContext Of(Exception exception) => exception.Data[typeof(ErrorContext)] as ErrorContext ?? None;

    /// <summary>This context, and where it says nothing, the other.</summary>
    public ErrorContext Or(ErrorContext other) => new()
    {
        Job = Job ?? other.Job,
        Repository = Repository ?? other.Repository,
        Backup = Backup ?? other.Backup,
        Source = Source ?? other.Source,
    };

    [GeneratedRegex(@"\{[a-z]+\}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Place();
}
