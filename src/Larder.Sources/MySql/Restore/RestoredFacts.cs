namespace Larder.Sources.MySql.Restore;

/// <summary>Compares what stands on the server with what was handed to it and with what the backup recorded.</summary>
internal static class RestoredFacts
{
    public static EntryFacts Make(RestoreSelection selection, string table, Fingerprint found) => new()
    {
        Name = $"{selection.Source.Name}.{table}",
        Kind = MySqlKinds.Table,
        File = selection.Source.Rows[table].Path.ToString(),
        Rows = found.Rows,
        Fingerprint = found,
        Bytes = selection.Source.Rows[table].Bytes,
    };

    /// <summary>Fails with <see cref="SourceError.Mismatch"/> where the backup recorded tables that its dump does not hold.</summary>
    public static void CheckAllThere(RestoreSelection selection, IReadOnlyList<EntryFacts> recorded)
    {
        var prefix = selection.Source.Name + ".";
        var missing = recorded.Where(facts => facts.Kind == MySqlKinds.Table && facts.File.StartsWith(
                DumpNames.Escape(selection.Source.Name) + "/", StringComparison.Ordinal))
            .Select(facts => facts.Name[prefix.Length..])
            .FirstOrDefault(table => !selection.Source.Rows.ContainsKey(table));
        if (missing is not null)
        {
            throw new SourceException(
                SourceError.Mismatch, $"The backup recorded the table {prefix}{missing}, and its files do not hold it.");
        }
    }

    /// <summary>Fails with <see cref="SourceError.Mismatch"/>.</summary>
    public static void Compare(EntryFacts found, Fingerprint fed, IReadOnlyList<EntryFacts> recorded)
    {
        Compare(found, fed, "was handed over");
        if (recorded.FirstOrDefault(facts => facts.Kind == MySqlKinds.Table && facts.Name == found.Name)?.Fingerprint is { } expected)
        {
            Compare(found, expected, "the backup recorded");
        }
    }

    private static void Compare(EntryFacts found, Fingerprint expected, string what)
    {
        if (found.Rows != expected.Rows)
        {
            throw new SourceException(
                SourceError.Mismatch, $"The restored table {found.Name} has {found.Rows} rows, where {expected.Rows} is what {what}.");
        }
        if (found.Fingerprint != expected)
        {
            throw new SourceException(SourceError.Mismatch, $"The restored table {found.Name} has other content than {what}.");
        }
    }
}
