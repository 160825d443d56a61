using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Larder.Sources.Exchanges;
using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>What the databases of an exchange are called.</summary>
internal static partial class DatabaseNames
{
    private const int NameBytesMax = 63; // NAMEDATALEN - 1 of every ordinary build.
    private const string Mark = "_larder_";
    private const string OldSuffix = "_old";

    /// <summary>
    /// One part for each database: <c>NAME_larder_TOKEN</c> beside it and <c>NAME_larder_TOKEN_old</c> for the one that is replaced, cut
    /// so that the server does not cut them, and with a number where two would be cut to the same.
    /// </summary>
    /// <param name="databases">Their names, and whether they stand there.</param>
    /// <param name="token">From <see cref="ExchangeNames.TokenOf"/>.</param>
    public static IReadOnlyList<ExchangePart> Plan(IEnumerable<(string Name, bool StandsThere)> databases, string token)
    {
        var parts = new List<ExchangePart>();
        foreach (var (name, standsThere) in databases)
        {
            var number = 1;
            string stem;
            do
            {
                var suffix = string.Create(CultureInfo.InvariantCulture, $"{Mark}{token}{(number > 1 ? $"_{number}" : "")}");
                stem = Cut(name, NameBytesMax - suffix.Length - OldSuffix.Length) + suffix;
                number++;
            }
            while (parts.Exists(part => part.Beside == stem));
            parts.Add(new ExchangePart
            {
                Kind = "database",
                Live = name,
                Beside = stem,
                Old = standsThere ? stem + OldSuffix : null,
            });
        }
        return parts;
    }

    /// <summary>How the sessions that work on an exchange call themselves to the server: no other exchange's do.</summary>
    public static string SessionOf(ExchangeRecord record)
    {
        var names = string.Join('\n', record.Parts.Select(part => part.Beside));
        return "larder " + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(names)))[..16];
    }

    /// <summary>Whether a restore makes or keeps a database of this name beside the live one, or a drill on a scratch server.</summary>
    public static bool IsOfRestore(string name) =>
        OfRestore().IsMatch(name) || name.StartsWith(Leftovers.ScratchPrefix, StringComparison.Ordinal);

    private static string Cut(string name, int bytesMax)
    {
        var cut = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            bytesMax -= rune.Utf8SequenceLength;
            if (bytesMax < 0)
            {
                break;
            }
            cut.Append(rune);
        }
        return cut.ToString();
    }

    // The token is the end of a run's id.
    [GeneratedRegex("_larder_[0-9a-f]{8}(_[0-9]+)?(_old)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OfRestore();
}
