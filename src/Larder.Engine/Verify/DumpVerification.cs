using Larder.Engine.Backups;
using Larder.Engine.Servers;
using Larder.Sources;
using Larder.Sources.Dumps;

namespace Larder.Engine.Verify;

/// <summary>
/// Parses the dump of a database server, counts and fingerprints its rows as they were while dumping, and compares every entry with what
/// was recorded. No server is needed, and nothing is written to disk.
/// </summary>
internal sealed class DumpVerification(
    OpenBackup open, ManifestSource source, IDumpCheck check, VerifyTally tally, RunProgress progress)
{
    // Whoever lost everything need not read it line by line.
    private const int DifferencesMax = 20;

    // What mongodump writes for people: versions of server and tool.
    private const string Prelude = "prelude.json";

    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        progress.Begin($"counting rows of {source.Name} in backup {open.Backup.ShortId}", source.SizeBytes);
        var stored = await StoredSourceDump.ListAsync(open.Trees, open.Blobs, open.TreeOf(source.Name), cancellationToken);
        var dump = new WatchedDump(stored);
        try
        {
            var facts = await check.ReadFactsAsync(dump, progress.Advance, cancellationToken);
            tally.Counts = tally.Counts with { Rows = tally.Counts.Rows + facts.Sum(fact => fact.Rows ?? 0) };
            Compare(facts);
            FindUnread(dump);
        }
        catch (SourceException e) when (e.Error == SourceError.Damaged)
        {
            Differs($"The dump \"{source.Name}\" is not sound: {e.Message}");
        }
    }

    // A restore would pass over it as the check did: nobody knows what it is.
    private void FindUnread(WatchedDump dump)
    {
        var recorded = source.Entries.SelectMany(entry => entry.Segments.Select(segment => segment.File).Append(entry.File));
        var unread = dump.Unread.Select(path => path.ToString()).Except(recorded, StringComparer.Ordinal)
            .Where(path => !path.Equals(Prelude, StringComparison.Ordinal) && !path.EndsWith("/" + Prelude, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToList();
        foreach (var path in unread.Take(DifferencesMax))
        {
            Differs($"The file \"{source.Name}/{path}\" belongs to nothing in the dump, and the manifest does not know it.");
        }
        if (unread.Count > DifferencesMax)
        {
            Differs($"In \"{source.Name}\" {unread.Count - DifferencesMax} more files belong to nothing in the dump.");
        }
    }

    private void Compare(IReadOnlyList<EntryFacts> facts)
    {
        if (source.Entries.Count == 0 && facts.Count > 0)
        {
            Differs($"The dump \"{source.Name}\" holds {facts.Count} tables or collections, and the manifest recorded none.");
        }
        var differences = RecordedEntries.Differences(source.Entries, facts).ToList();
        foreach (var difference in differences.Take(DifferencesMax))
        {
            Differs($"In \"{source.Name}\" {difference}.");
        }
        if (differences.Count > DifferencesMax)
        {
            Differs($"In \"{source.Name}\" {differences.Count - DifferencesMax} more tables or collections are not as recorded.");
        }
    }

    private void Differs(string message) => tally.Differs(open.Place.Repository, open.Backup, source.Name, message);
}
