using Larder.Repository;
using Larder.Sources;

namespace Larder.Engine.Errors;

/// <summary>One row of the <see cref="ErrorTable"/>.</summary>
/// <param name="Number">The <c>0xx</c> of <c>LARDER-0xx</c>. Never given to another error, not even when this one goes.</param>
/// <param name="Kind">A value of <see cref="EngineError"/>, <see cref="RepositoryError"/> or <see cref="SourceError"/>.</param>
/// <param name="ExitStatus">How the command line ends.</param>
/// <param name="HttpStatus">What the API answers.</param>
/// <param name="Cause">What has happened, for ERRORS.md.</param>
/// <param name="Remedy">What to do about it, for ERRORS.md.</param>
/// <param name="Hint">The same in one line, for the terminal, with places for an <see cref="ErrorContext"/>.</param>
public sealed record ErrorRow(int Number, Enum Kind, ExitStatus ExitStatus, int HttpStatus, string Cause, string Remedy, string Hint)
{
    /// <summary>As users quote it: <c>LARDER-051</c>.</summary>
    public string Code => $"LARDER-{Number:D3}";
}
