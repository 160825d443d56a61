using System.Globalization;

namespace Larder.Engine.Configuration;

/// <summary>Sizes as people write them: <c>64 KiB</c>, <c>1MiB</c>, <c>1.5 GiB</c>, plain bytes.</summary>
public static class ByteSize
{
    private static readonly (string Suffix, long Bytes)[] BinaryUnits =
        [("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10)];

    // A bare letter is binary, as in restic and dd; with a B it is decimal, as on the label of a disk.
    private static readonly Dictionary<string, long> Units = new(StringComparer.OrdinalIgnoreCase)
    {
        [""] = 1, ["b"] = 1, ["byte"] = 1, ["bytes"] = 1,
        ["k"] = 1L << 10, ["kib"] = 1L << 10, ["kb"] = 1_000,
        ["m"] = 1L << 20, ["mib"] = 1L << 20, ["mb"] = 1_000_000,
        ["g"] = 1L << 30, ["gib"] = 1L << 30, ["gb"] = 1_000_000_000,
        ["t"] = 1L << 40, ["tib"] = 1L << 40, ["tb"] = 1_000_000_000_000,
    };

    /// <summary>Reads a size; a fraction of a byte is cut off. False for anything that is not a size of 0 to 2^63-1 bytes.</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        var trimmed = (text ?? "").Trim();
        var numberEnd = 0;
        while (numberEnd < trimmed.Length && (char.IsAsciiDigit(trimmed[numberEnd]) || trimmed[numberEnd] == '.'))
        {
            numberEnd++;
        }

        if (numberEnd == 0 || !char.IsAsciiDigit(trimmed[0]) || !char.IsAsciiDigit(trimmed[numberEnd - 1]))
        {
            return false;
        }

        if (!Units.TryGetValue(trimmed[numberEnd..].Trim(), out var unit)
            || !decimal.TryParse(trimmed.AsSpan(0, numberEnd), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue / unit)
        {
            return false;
        }

        var product = decimal.Truncate(number * unit);
        if (product > long.MaxValue)
        {
            return false;
        }

        bytes = (long)product;
        return true;
    }

    /// <summary>For people, with one decimal: <c>1.5 GiB</c>, <c>17 B</c>. Rounded, so not for computing on.</summary>
    public static string Format(long bytes)
    {
        foreach (var (suffix, unit) in BinaryUnits)
        {
            // 1023.96 KiB would round to "1024 KiB", so a size that rounds up to the next unit is written in it.
            if (bytes >= unit - (unit / 2048))
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)unit:0.#} {suffix}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
    }
}
