namespace Larder.Sources.MySql;

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
