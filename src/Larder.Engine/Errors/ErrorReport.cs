namespace Larder.Engine.Errors;

/// <summary>An error as users meet it, whoever threw it.</summary>
public sealed record ErrorReport
{
    /// <summary>Such as <c>LARDER-051</c>.</summary>
    public required string Code { get; init; }

    /// <summary>Whole sentences, never a stack: that goes to the debug log.</summary>
    public required string Message { get; init; }

    public required string Hint { get; init; }

    public required ExitStatus ExitStatus { get; init; }

    public required int HttpStatus { get; init; }

    /// <summary>As on the terminal: what and where, then what next.</summary>
    public override string ToString() => $"{Code} {Message}\nHINT: {Hint}";
}
