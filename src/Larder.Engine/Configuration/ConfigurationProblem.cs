using System.Globalization;
using System.Text;

namespace Larder.Engine.Configuration;

/// <summary>
/// One thing that is wrong (or, as a warning, doubtful) in the configuration. Holds no value of a variable and no secret.
/// </summary>
public sealed record ConfigurationProblem
{
    /// <summary>Where in the configuration: <c>jobs.journal.keep.daily</c>, a variable's name, or empty for the file as a whole.</summary>
    public required string Key { get; init; }

    /// <summary>A whole sentence.</summary>
    public required string Message { get; init; }

    /// <summary>The file it stands in; null where it comes from the environment.</summary>
    public string? File { get; init; }

    /// <summary>Counted from 1; 0 where there is no line to point at.</summary>
    public int Line { get; init; }

    /// <summary>Counted from 1; 0 where there is no column to point at.</summary>
    public int Column { get; init; }

    /// <summary>Something that would work in its place.</summary>
    public string? Suggestion { get; init; }

    /// <summary>As compilers write it, so that editors can jump there.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (File is not null)
        {
            text.Append(File).Append(':');
        }

        if (Line > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Line}:{Column}:");
        }

        if (text.Length > 0)
        {
            text.Append(' ');
        }

        text.Append(Message);
        if (Suggestion is not null)
        {
            text.Append("\n  HINT: ").Append(Suggestion.ReplaceLineEndings("\n        "));
        }

        return text.ToString();
    }
}
