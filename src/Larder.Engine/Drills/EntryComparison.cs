using Larder.Engine.Backups;
using Larder.Sources;

namespace Larder.Engine.Drills;

/// <summary>Holds every entry that stands on a server, or in a database file, against what the manifest recorded.</summary>
internal static class EntryComparison
{
    /// <summary>
    /// One line for each recorded entry that has rows, and for each that was found without having been recorded. Definitions and accounts
    /// have no rows: that they were accepted is all there is to compare.
    /// </summary>
    public static IReadOnlyList<DrilledEntry> Compare(string source, IReadOnlyList<ManifestEntry> recorded, IReadOnlyList<EntryFacts> found)
    {
        // What has one name and several files, such as the lists of large objects, is one entry; numbers and fingerprints add up.
        var there = found.GroupBy(facts => (facts.Kind, facts.Name)).ToDictionary(group => group.Key, group => Sum([.. group]));
        var lines = new List<DrilledEntry>();
        foreach (var group in RecordedEntries.FactsOf(recorded.Where(IsData)).GroupBy(facts => (facts.Kind, facts.Name)))
        {
            var expected = Sum([.. group]);
            lines.Add(Judge(source, expected, there.Remove(group.Key, out var actual) ? actual : null));
        }
        foreach (var extra in there.Values.Where(_ => recorded.Count > 0))
        {
            lines.Add(new DrilledEntry(
                source, extra.Name, extra.Kind, extra.Rows, null, Match: false, extra.Fingerprint?.ToString(),
                $"the {extra.Kind} \"{extra.Name}\" is not recorded in the manifest"));
        }
        return lines;
    }

    // The log of writes and the accounts of MongoDB are counted, and are no rows of the user's.
    private static bool IsData(ManifestEntry entry) =>
        entry.Rows is not null && entry.Kind is not ("oplog" or "users" or "roles" or "version");

    private static DrilledEntry Judge(string source, EntryFacts expected, EntryFacts? actual)
    {
        var difference = actual switch
        {
            null => $"the {expected.Kind} \"{expected.Name}\" is missing, which the manifest recorded with {expected.Rows} rows",
            _ when actual.Rows != expected.Rows =>
                $"the {expected.Kind} \"{expected.Name}\" has {actual.Rows} rows, and the manifest recorded {expected.Rows}",
            _ when expected.Fingerprint is { } fingerprint && fingerprint != actual.Fingerprint =>
                $"the {expected.Kind} \"{expected.Name}\" has other content than the manifest recorded",
            _ => null,
        };
        return new DrilledEntry(
            source,
            expected.Name,
            expected.Kind,
            actual?.Rows,
            expected.Rows,
            difference is null,
            actual?.Fingerprint?.ToString(),
            difference);
    }

    private static EntryFacts Sum(IReadOnlyList<EntryFacts> parts)
    {
        if (parts is [var only])
        {
            return only;
        }
        var all = new FingerprintBuilder();
        foreach (var part in parts)
        {
            all.Add(part.Fingerprint ?? default);
        }
        return parts[0] with
        {
            Rows = parts.Sum(part => part.Rows),
            Fingerprint = parts.All(part => part.Fingerprint is not null) ? all.ToFingerprint() : null,
        };
    }
}
