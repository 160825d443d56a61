namespace Larder.Sources.PostgreSql.Restore;

/// <summary><c>COPY schema.table (columns) FROM stdin;</c> as the dump has it. Generated columns are not in it.</summary>
internal static class CopyStatement
{
    private const string End = " FROM stdin;";

    /// <summary>The statement that reads the same columns, in the encoding that they were dumped in.</summary>
    public static string ToRead(TocEntry table, string? encoding) => $"{Trim(table)} TO STDOUT{In(encoding)}";

    public static string ToWrite(TocEntry table, string? encoding) => $"{Trim(table)} FROM STDIN{In(encoding)}";

    /// <summary>The same rows for a table of another name in the same schema.</summary>
    public static TocEntry Rename(TocEntry table, string name)
    {
        const string copy = "COPY ";
        var columns = EndOfName(Trim(table), copy.Length);
        return table with
        {
            Tag = name,
            CopyStatement = $"{copy}{SqlName.Quote(table.Schema!, name)}{table.CopyStatement![columns..]}",
        };
    }

    /// <summary>The first blank that is in no quotes.</summary>
    private static int EndOfName(string statement, int at)
    {
        for (var quoted = false; at < statement.Length && (quoted || statement[at] != ' '); at++)
        {
            quoted ^= statement[at] == '"';
        }
        return at;
    }

    /// <summary>The session itself stays in UTF-8, which is all that the driver speaks.</summary>
    private static string In(string? encoding) => encoding is null or "UTF8" ? "" : $" WITH (ENCODING {SqlName.QuoteText(encoding)})";

    private static string Trim(TocEntry table) => table.CopyStatement?.TrimEnd() is { } text && text.EndsWith(End, StringComparison.Ordinal)
        ? text[..^End.Length]
        : throw new SourceException(
            SourceError.Damaged, $"The rows of {table.Schema}.{table.Tag} are not stored as COPY reads them; such dumps are not Larder's.");
}
