using System.Text;

namespace Larder.Sources.MySql;

/// <summary>Small questions about the text of a statement.</summary>
internal static class SqlText
{
    public static bool StartsLineComment(ReadOnlySpan<byte> text) =>
        text[0] == '#' || (text.StartsWith("--"u8) && (text.Length == 2 || text[2] <= ' '));

    /// <summary>A comment that every server leaves out; conditional ones are not.</summary>
    public static bool StartsBlockComment(ReadOnlySpan<byte> text) =>
        text.StartsWith("/*"u8) && !text.StartsWith("/*!"u8) && !text.StartsWith("/*M!"u8);

    public static bool StartsWord(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        text.Length >= word.Length && Ascii.EqualsIgnoreCase(text[..word.Length], word);

    public static bool IsSetSqlMode(ReadOnlySpan<byte> statement)
    {
        var plain = SkipConditional(statement);
        return StartsWord(plain, "SET "u8) && StartsWord(plain[4..].TrimStart((byte)' '), "sql_mode "u8);
    }

    /// <summary>What stands in <c>/*!40101 …</c>, from its first word.</summary>
    public static ReadOnlySpan<byte> SkipConditional(ReadOnlySpan<byte> statement)
    {
        var text = statement.TrimStart(" \r\n\t"u8);
        if (text.StartsWith("/*!"u8) || text.StartsWith("/*M!"u8))
        {
            text = text[(text[2] == '!' ? 3 : 4)..].TrimStart("0123456789"u8).TrimStart((byte)' ');
        }
        return text;
    }

    /// <summary>The first name in backquotes, as it is; null where there is none.</summary>
    public static string? FindName(ReadOnlySpan<byte> statement)
    {
        var from = statement.IndexOf((byte)'`');
        return from < 0 ? null : ReadName(statement[from..], out _);
    }

    /// <summary>Reads a name that begins with its backquote.</summary>
    public static string? ReadName(ReadOnlySpan<byte> text, out int length)
    {
        for (length = 1; length < text.Length; length++)
        {
            if (text[length] != '`')
            {
                continue;
            }
            if (length + 1 < text.Length && text[length + 1] == '`')
            {
                length++;
                continue;
            }
            var name = Encoding.UTF8.GetString(text[1..length]).Replace("``", "`", StringComparison.Ordinal);
            length++;
            return name;
        }
        return null;
    }

    /// <summary>How long an INSERT is up to its rows; -1 where they have not come yet.</summary>
    public static int FindRows(ReadOnlySpan<byte> text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '`')
            {
                if (ReadName(text[at..], out var length) is null || at + length == text.Length)
                {
                    return -1; // A closing backquote at the very end might be half of a doubled one.
                }
                at += length - 1;
            }
            else if (text[at] == 'V' && text[at..].StartsWith("VALUES"u8))
            {
                return at + "VALUES".Length;
            }
        }
        return -1;
    }

    public static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    public static string QuoteText(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
