using Larder.Engine.Configuration;
using Larder.Repository;
using Larder.Sources;

namespace Larder.Engine.Errors;

/// <summary>
/// Every error that Larder reports: number, exit status, HTTP status and what to do. <c>docs/generated/ERRORS.md</c> is written from it.
/// </summary>
public static class ErrorTable
{
    /// <summary>By number.</summary>
    public static IReadOnlyList<ErrorRow> Rows { get; } =
    [
        .. EngineErrorRows.All.Concat(AccessErrorRows.All).Concat(RepositoryErrorRows.All).Concat(SourceErrorRows.All)
            .OrderBy(row => row.Number),
    ];

    private static readonly Dictionary<Enum, ErrorRow> ByKind = Rows.ToDictionary(row => row.Kind);

    public static ErrorRow Row(EngineError error) => ByKind[error];

    public static ErrorRow Row(RepositoryError error) => ByKind[error];

    public static ErrorRow Row(SourceError error) => ByKind[error];

    /// <summary>
    /// Any exception in the form that users meet. Never throws; an exception that the table does not know is `unexpected`.
    /// </summary>
    /// <param name="exception">What was caught.</param>
    /// <param name="context">What the catcher knows; what the exception itself knows goes before it.</param>
    public static ErrorReport Describe(Exception exception, ErrorContext? context = null)
    {
        var around = ErrorContext.Of(exception).Or(context ?? ErrorContext.None);
        return exception switch
        {
            LarderException known => Report(Row(known.Error), known.Message, around, known),
            RepositoryException known => Report(Row(known.Error), known.Message, around),
            SourceException known => Report(Row(known.Error), known.Message, around),
            ConfigurationException known => Report(
                Row(known.IsOfSecret ? EngineError.SecretUnavailable : EngineError.ConfigurationInvalid),
                string.Join(' ', known.Problems.Select(problem => problem.Message)),
                around),
            OperationCanceledException => Report(Row(EngineError.Interrupted), "The work was interrupted before it was done.", around),
            AggregateException several when MostTelling(several) is { } one => Describe(one, around),
            IOException or UnauthorizedAccessException => Report(Row(EngineError.LocalFileFailed), Sentence(exception.Message), around),
            _ => Report(Row(EngineError.Unexpected), Sentence($"{exception.GetType().Name}: {exception.Message}"), around),
        };
    }

    // When one stage fails, its neighbours are cancelled: the failure tells more than the cancellations that followed it.
    private static Exception? MostTelling(AggregateException several)
    {
        var all = several.Flatten().InnerExceptions;
        return all.FirstOrDefault(one => one is not OperationCanceledException) ?? (all.Count > 0 ? all[0] : null);
    }

    private static ErrorReport Report(ErrorRow row, string message, ErrorContext around, LarderException? engine = null) => new()
    {
        Code = row.Code,
        Message = message,
        Hint = engine?.HintWith(around) ?? around.Fill(row.Hint),
        ExitStatus = row.ExitStatus,
        HttpStatus = row.HttpStatus,
    };

    private static string Sentence(string text)
    {
        var oneLine = string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return oneLine.EndsWith('.') ? oneLine : $"{oneLine}.";
    }
}
