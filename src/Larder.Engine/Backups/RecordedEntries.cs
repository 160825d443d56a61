using Larder.Sources;

namespace Larder.Engine.Backups;

/// <summary>What a manifest recorded of a source's entries, held against what is found.</summary>
internal static class RecordedEntries
{
    public static IReadOnlyList<EntryFacts> FactsOf(IEnumerable<ManifestEntry> recorded) =>
    [
        .. recorded.Select(entry => new EntryFacts
        {
            Name = entry.Name,
            Kind = entry.Kind,
            File = entry.File,
            Rows = entry.Rows,
            Bytes = entry.Bytes,
            Fingerprint = entry.Fingerprint is { } text && Fingerprint.TryParse(text, out var fingerprint) ? fingerprint : null,
            Duration = entry.DurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        }),
    ];

    /// <summary>
    /// Parts of sentences, one for each entry that is missing, different or too many. None where nothing was recorded: then there is
    /// nothing to hold against.
    /// </summary>
    public static IEnumerable<string> Differences(IReadOnlyList<ManifestEntry> recorded, IReadOnlyList<EntryFacts> found)
    {
        if (recorded.Count == 0)
        {
            yield break;
        }
        var rest = found.ToDictionary(facts => (facts.Kind, facts.Name));
        foreach (var entry in recorded)
        {
            if (!rest.Remove((entry.Kind, entry.Name), out var actual))
            {
                yield return $"the {entry.Kind} \"{entry.Name}\" is missing"
                    + (entry.Rows is { } rows ? $", which the manifest recorded with {rows} rows" : "");
            }
            else if (Difference(entry, actual) is { } difference)
            {
                yield return difference;
            }
        }
        foreach (var extra in rest.Values)
        {
            yield return $"the {extra.Kind} \"{extra.Name}\" is not recorded in the manifest";
        }
    }

    /// <summary>How one entry differs from what was recorded of it, as part of a sentence; null where it does not.</summary>
    public static string? Difference(ManifestEntry recorded, EntryFacts found) => recorded switch
    {
        { Rows: { } rows } when rows != found.Rows =>
            $"the {recorded.Kind} \"{recorded.Name}\" has {found.Rows} rows, and the manifest recorded {rows}",
        { Fingerprint: { } fingerprint } when fingerprint != found.Fingerprint?.ToString() =>
            $"the {recorded.Kind} \"{recorded.Name}\" has other content than the manifest recorded",
        _ => null,
    };
}
