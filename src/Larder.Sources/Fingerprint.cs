using System.Globalization;

namespace Larder.Sources;

/// <summary>
/// The content of a table or collection in one number, whatever the order of its rows: the sum modulo 2^128 of the first 16 bytes of each
/// row's SHA-256 (a multiset hash after Bellare and Micciancio, "A New Paradigm for Collision-Free Hashing", 1997), and the count of rows.
/// Two fingerprints are equal when the same rows are there, equal rows counted as often as they occur.
/// </summary>
public readonly record struct Fingerprint(long Rows, UInt128 Sum)
{
    /// <summary>As the manifest has it: <c>ROWS:32 hex digits</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rows}:{Sum:x32}");

    public static bool TryParse(string text, out Fingerprint fingerprint)
    {
        fingerprint = default;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1
            || !long.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var rows)
            || text.Length != colon + 33
            || !UInt128.TryParse(text.AsSpan(colon + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sum))
        {
            return false;
        }
        fingerprint = new Fingerprint(rows, sum);
        return true;
    }
}
