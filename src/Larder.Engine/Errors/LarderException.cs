namespace Larder.Engine.Errors;

/// <summary>
/// The engine could not do what was asked. The message is a whole sentence with no secret in it; number, exit status and hint
/// come from the <see cref="ErrorTable"/>.
/// </summary>
public sealed class LarderException : Exception
{
    private readonly ErrorRow row;
    private readonly string? hint;

    public LarderException(EngineError error, string message, Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
        row = ErrorTable.Row(error);
    }

    public EngineError Error { get; }

    /// <summary>What it is about, as far as it is known; fills the places of the hint.</summary>
    public ErrorContext Context { get; init; } = ErrorContext.None;

    /// <summary>The <c>0xx</c> of <c>LARDER-0xx</c>.</summary>
    public int Number => row.Number;

    /// <summary>What to do next. Set it only where the place of failure knows better than the table.</summary>
    public string Hint
    {
        get => HintWith(ErrorContext.None);
        init => hint = value;
    }

    public ExitStatus ExitStatus => row.ExitStatus;

    /// <summary>The hint, where places that the exception cannot fill are filled by its catcher.</summary>
    internal string HintWith(ErrorContext around) => hint ?? Context.Or(around).Fill(row.Hint);
}
