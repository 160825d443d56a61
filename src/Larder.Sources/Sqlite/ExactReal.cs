using System.Globalization;
using System.Numerics;
using System.Text;

namespace Larder.Sources.Sqlite;

/// <summary>
/// Reals as SQL that gives back every bit. SQLite's own reading of decimal text is not always correctly rounded
/// (sqlite.org/floatingpoint.html), so beyond what it surely reads right the number is written as an integer scaled by powers of two, each
/// of which is exact.
/// </summary>
internal static class ExactReal
{
    private const long ExactIntegerMax = 1L << 53;
    private const int ExactPowerMax = 22; // 10^22 is the largest power of ten that is a double.

    public static string Write(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return IsSurelyReadRight(text) ? AsReal(text) : Scaled(value);
    }

    // Clinger's fast path: an integer below 2^53 times or divided by an exact power of ten is rounded once.
    private static bool IsSurelyReadRight(string text)
    {
        var exponentAt = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = exponentAt < 0
            ? 0
            : int.Parse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var digits = (exponentAt < 0 ? text : text[..exponentAt]).TrimStart('-');
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0)
        {
            exponent -= digits.Length - point - 1;
            digits = digits.Remove(point, 1);
        }
        return digits.Length <= 15
            && long.Parse(digits, CultureInfo.InvariantCulture) < ExactIntegerMax
            && Math.Abs(exponent) <= ExactPowerMax;
    }

    private static string AsReal(string text) => text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0";

    private static string Scaled(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = bits & 0xF_FFFF_FFFF_FFFF;
        mantissa |= exponent == 0 ? 0 : 1L << 52;
        exponent = Math.Max(exponent, 1) - 1075;
        var zeros = BitOperations.TrailingZeroCount(mantissa);
        (mantissa, exponent) = (mantissa >> zeros, exponent + zeros);

        var text = new StringBuilder("(").Append(value < 0 ? "-" : "").Append(CultureInfo.InvariantCulture, $"{mantissa}.0");

        // 2^53 and less are read exactly; a quotient or product with a power of two is exact as long as it stays normal, so the last step
        // alone may go below, where the digits that are left fit.
        for (var left = Math.Abs(exponent); left > 0;)
        {
            var step = Math.Min(left, 53);
            text.Append(exponent > 0 ? '*' : '/').Append(CultureInfo.InvariantCulture, $"{1L << step}.0");
            left -= step;
        }
        return text.Append(')').ToString();
    }
}
