using System.Globalization;
using System.Text;

namespace Larder.Cli.Output;

/// <summary>How many columns a text takes on a terminal, and what of it may be shown there.</summary>
internal static class TextWidth
{
    // Wide in East Asian scripts and as pictures: the blocks of Unicode's EastAsianWidth that are W or F throughout.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0x33FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF), (0xA960, 0xA97F),
        (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF),
        (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    /// <summary>Columns of a text without control characters and escape sequences.</summary>
    public static int Of(string text)
    {
        var columns = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            columns += Of(rune);
        }
        return columns;
    }

    /// <summary>The beginning of a text that fits, ending with "…" where something was cut.</summary>
    public static string Cut(string text, int columnsMax)
    {
        if (Of(text) <= columnsMax)
        {
            return text;
        }
        var (cut, columns) = (new StringBuilder(), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            columns += Of(rune);
            if (columns > columnsMax - 1)
            {
                break;
            }
            cut.Append(rune.ToString());
        }
        return columnsMax > 0 ? cut.Append('…').ToString() : "";
    }

    /// <summary>
    /// The text with its control characters written out, such as <c>\x1b</c>: names come from strangers' files, and a terminal obeys what
    /// it is shown.
    /// </summary>
    public static string Plain(string text)
    {
        if (!text.Any(MustBeWrittenOut))
        {
            return text;
        }
        var plain = new StringBuilder();
        foreach (var character in text)
        {
            _ = MustBeWrittenOut(character)
                ? plain.Append(CultureInfo.InvariantCulture, $"\\{(character < 0x100 ? 'x' : 'u')}{(int)character:x2}")
                : plain.Append(character);
        }
        return plain.ToString();
    }

    // Controls, and the marks that turn the direction of writing round: "gpj.exe" must not look like "exe.jpg".
    private static bool MustBeWrittenOut(char character) =>
        char.IsControl(character) || character is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private static int Of(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.Control => 0,
        _ => rune.Value >= Wide[0].First && Wide.Any(block => rune.Value >= block.First && rune.Value <= block.Last) ? 2 : 1,
    };
}
