using System.Globalization;

namespace Larder.Sources.Throwaway;

/// <summary>Whether an answer is true: exactly one value, and that value a truth or a number other than zero.</summary>
internal static class Answer
{
    /// <summary>More rows than one are wrong already; the others need not be read.</summary>
    public const int RowsMax = 2;

    /// <summary>Stands for a row of several columns.</summary>
    public const string SeveralColumns = "several columns";

    private const int ShownCharacters = 100;

    /// <param name="rows">The first column of each row, as text; null for SQL's NULL.</param>
    /// <returns>Null where it is true; otherwise what it is instead, to follow "it answered".</returns>
    public static string? Judge(IReadOnlyList<string?> rows) => rows switch
    {
        [] => "no row",
        { Count: > 1 } => "more than one row",
        [SeveralColumns] => "more than one column",
        [null] => "NULL",
        [var value] when IsTrue(value!) => null,
        [var value] => value!.Length > ShownCharacters ? value[..ShownCharacters] + "…" : value,
    };

    private static bool IsTrue(string value) => value switch
    {
        "t" or "true" or "TRUE" or "True" => true,
        _ => decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number != 0,
    };
}
