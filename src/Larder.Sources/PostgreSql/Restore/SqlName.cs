namespace Larder.Sources.PostgreSql.Restore;

internal static class SqlName
{
    /// <summary>Any name as SQL.</summary>
    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Quote(string schema, string name) => $"{Quote(schema)}.{Quote(name)}";

    /// <summary>Any text as SQL, whatever standard_conforming_strings is.</summary>
    public static string QuoteText(string text) =>
        $"E'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
