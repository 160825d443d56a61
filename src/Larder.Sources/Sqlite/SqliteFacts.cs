namespace Larder.Sources.Sqlite;

/// <summary>Compares what a database holds with what was recorded of it.</summary>
public static class SqliteFacts
{
    private const int ShownDifferences = 5;

    /// <summary>
    /// Fails with <see cref="SourceError.Mismatch"/>, naming the first tables that are missing, too many or different. An element without
    /// a fingerprint is compared by its rows; nothing recorded compares nothing.
    /// </summary>
    /// <param name="recorded">From the manifest.</param>
    /// <param name="found">From <see cref="SqliteCheck"/>.</param>
    /// <param name="shownPath">What the message calls the database.</param>
    public static void Compare(IReadOnlyList<EntryFacts> recorded, IReadOnlyList<EntryFacts> found, string shownPath)
    {
        if (recorded.Count == 0)
        {
            return;
        }
        var differences = FindDifferences(recorded, found).ToList();
        if (differences.Count > 0)
        {
            throw new SourceException(
                SourceError.Mismatch,
                $"What was restored for {shownPath} is not what the backup recorded: "
                + $"{string.Join("; ", differences.Take(ShownDifferences))}.");
        }
    }

    private static IEnumerable<string> FindDifferences(IReadOnlyList<EntryFacts> recorded, IReadOnlyList<EntryFacts> found)
    {
        var rest = found.ToDictionary(facts => (facts.Kind, facts.Name));
        foreach (var expected in recorded)
        {
            if (!rest.Remove((expected.Kind, expected.Name), out var actual))
            {
                yield return $"{expected.Kind} {expected.Name} is missing";
            }
            else if (expected.Rows is not null && expected.Rows != actual.Rows)
            {
                yield return $"{expected.Kind} {expected.Name} has {actual.Rows} rows instead of {expected.Rows}";
            }
            else if (expected.Fingerprint is not null && expected.Fingerprint != actual.Fingerprint)
            {
                yield return $"{expected.Kind} {expected.Name} has other content";
            }
        }
        foreach (var extra in rest.Values)
        {
            yield return $"{extra.Kind} {extra.Name} was not recorded";
        }
    }
}
