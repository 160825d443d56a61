using System.Globalization;
using System.Text.RegularExpressions;

namespace Larder.Sources.MySql;

/// <summary>
/// The databases that one restore makes beside a live one: <c>NAME_larder_TOKEN</c> with what is restored, with <c>_old</c> after it for
/// what is replaced and with <c>_mark</c> for how far it is.
/// </summary>
internal static partial class KeptNames
{
    private const int CharactersMax = 64; // Of a database's name, on every server.
    private const string OldSuffix = "_old";
    private const string MarkSuffix = "_mark";

    /// <summary>Cut so that all of its names fit, and with a number where two would be cut to the same.</summary>
    public static string Beside(string live, string token, IEnumerable<string> taken)
    {
        var names = taken.ToHashSet(StringComparer.Ordinal);
        for (var number = 1; ; number++)
        {
            var suffix = string.Create(CultureInfo.InvariantCulture, $"_larder_{token}{(number > 1 ? $"_{number}" : "")}");
            var length = Math.Min(live.Length, CharactersMax - suffix.Length - MarkSuffix.Length);
            // A name of the server has no characters beyond 16 bits, so none is cut in two.
            var name = live[..length] + suffix;
            if (names.Add(name))
            {
                return name;
            }
        }
    }

    public static string Old(string beside) => beside + OldSuffix;

    public static string Mark(string beside) => beside + MarkSuffix;

    /// <summary>Whether a restore has made it.</summary>
    public static bool IsKept(string database) => Kept().IsMatch(database);

    [GeneratedRegex(
        "_larder_[0-9a-f]{8}(_[0-9]+)?(_old|_mark)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Kept();
}
