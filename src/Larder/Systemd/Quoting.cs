namespace Larder.Systemd;

/// <summary>Words as systemd.syntax(7) wants them.</summary>
internal static class Quoting
{
    /// <summary>A word of a command line: nothing in it means anything to systemd.</summary>
    public static string Word(string word) => Listed(word.Replace("$", "$$", StringComparison.Ordinal));

    /// <summary>One value of a setting that takes several.</summary>
    public static string Listed(string value)
    {
        var escaped = Path(value);
        return escaped.Length > 0 && escaped.All(letter => char.IsAsciiLetterOrDigit(letter) || "/._-:=,+@%".Contains(letter))
            ? escaped
            : $"\"{escaped.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>A path as the only value of a setting.</summary>
    public static string Path(string path) => path.Replace("%", "%%", StringComparison.Ordinal);
}
