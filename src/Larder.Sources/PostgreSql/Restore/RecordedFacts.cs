using System.Globalization;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Compares what stands on the server with what was sent there and with what the manifest recorded.</summary>
internal static class RecordedFacts
{
    private const int ShownMax = 5;

    /// <summary>Fails with <see cref="SourceError.Mismatch"/>, naming the first tables that differ.</summary>
    /// <param name="recorded">The manifest's entries.</param>
    /// <param name="found">What was read back.</param>
    /// <param name="sent">Rows by the path of the file they came from; null where that was not counted.</param>
    public static void Compare(
        IReadOnlyList<EntryFacts> recorded, IReadOnlyList<EntryFacts> found, IReadOnlyDictionary<string, long>? sent)
    {
        var byName = recorded
            .GroupBy(facts => facts.Name, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
        // A table under another name has the rows of its file.
        var byFile = recorded.Where(facts => facts.Kind == "table").ToLookup(facts => facts.File, StringComparer.Ordinal);
        var differences = found
            .Select(facts => Describe(
                facts,
                byName.GetValueOrDefault(facts.Name) ?? byFile[facts.File].LastOrDefault(),
                sent?.GetValueOrDefault(facts.File, -1)))
            .Where(text => text is not null)
            .ToList();
        if (differences.Count > 0)
        {
            var more = differences.Count > ShownMax ? $" And {differences.Count - ShownMax} more tables differ." : "";
            throw new SourceException(
                SourceError.Mismatch,
                $"What was restored is not what the backup recorded. {string.Join(' ', differences.Take(ShownMax))}{more} "
                + "Nothing was replaced.");
        }
    }

    private static string? Describe(EntryFacts found, EntryFacts? recorded, long? sent)
    {
        if (sent is { } rows && rows != found.Rows)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{rows} rows of {found.Name} were sent, and {found.Rows} are there.");
        }
        if (recorded?.Rows is { } expected && expected != found.Rows)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{found.Name} had {expected} rows and has {found.Rows}.");
        }
        return recorded?.Fingerprint is { } fingerprint && found.Fingerprint is { } now && fingerprint != now
            ? $"The content of {found.Name} is another."
            : null;
    }
}
