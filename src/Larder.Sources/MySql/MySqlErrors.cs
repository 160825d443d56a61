using System.Globalization;
using System.Text.RegularExpressions;

namespace Larder.Sources.MySql;

/// <summary>Says in our words what the tools said with a number of MySQL's.</summary>
internal static partial class MySqlErrors
{
    /// <param name="error">What the tool's exit became.</param>
    /// <param name="said">The tool's standard error.</param>
    /// <param name="server">Where it was talking to.</param>
    public static SourceException Describe(SourceException error, string said, MySqlServer server)
    {
        if (error.Error != SourceError.ToolFailed || FindNumber(said) is not { } number)
        {
            return error;
        }
        var (kind, meaning) = Explain(number);
        return new SourceException(kind, $"{meaning} (server {server}). {error.Message}", error);
    }

    private static int? FindNumber(string said)
    {
        // The last one is why it ended; those before may have been warnings.
        var match = Numbers().Matches(said).LastOrDefault();
        return match is null ? null : int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
    }

    private static (SourceError Kind, string Meaning) Explain(int number) => number switch
    {
        1045 or 1698 => (SourceError.PermissionDenied, "The server does not let this account in: user, password or host is not right"),
        1044 or 1142 or 1143 or 1227 or 1370 or 1356 or 1419 => (SourceError.PermissionDenied, "The account lacks a right"),
        1049 => (SourceError.NotFound, "There is no such database"),
        2002 or 2003 or 2005 or 1040 or 1130 => (SourceError.Unreachable, "The server cannot be reached"),
        2026 or 3159 => (SourceError.Unreachable, "The encrypted connection cannot be made"),
        2006 or 2013 or 1053 or 1927 or 1158 or 1159 or 1160 or 1161 => (SourceError.Unreachable, "The connection to the server was lost"),
        1317 or 1969 or 3024 => (SourceError.TimedOut, "The server ended the statement"),
        1146 or 1412 or 1109 => (SourceError.ToolFailed, "A table was dropped or changed while it was being read; run it again"),
        1205 or 1213 => (SourceError.TargetBusy, "Something else holds a lock"),
        1021 or 1114 or 1041 => (SourceError.TargetFull, "The server has no room left"),
        1007 or 1050 or 1304 or 1359 or 1396 => (SourceError.TargetExists, "It is there already"),
        _ => (SourceError.ToolFailed, string.Create(CultureInfo.InvariantCulture, $"The server answered with error {number}")),
    };

    [GeneratedRegex(
        @"(?:[Ee]rror:? |ERROR )(?<number>\d{4})\b|\((?<number>\d{4})\)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Numbers();
}
