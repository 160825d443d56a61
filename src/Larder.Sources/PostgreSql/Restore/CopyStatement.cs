namespace Larder.Sources.PostgreSql.Restore;

/// <summary><c>COPY schema.table (columns) FROM stdin;</c> as the dump has it. Generated columns are not in it.</summary>
internal static class CopyStatement
{
    private const string End = " FROM stdin;";

    /// <summary>The statement that reads the same columns.</summary>
    public static string ToRead(TocEntry table) => $"{Trim(table)} TO STDOUT";

    public static string ToWrite(TocEntry table) => $"{Trim(table)} FROM STDIN";

    private static string Trim(TocEntry table) => table.CopyStatement?.TrimEnd() is { } text && text.EndsWith(End, StringComparison.Ordinal)
        ? text[..^End.Length]
        : throw new SourceException(
            SourceError.Damaged, $"The rows of {table.Schema}.{table.Tag} are not stored as COPY reads them; such dumps are not Larder's.");
}
