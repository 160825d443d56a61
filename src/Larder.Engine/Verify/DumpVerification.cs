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

    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        if (source.Entries.Count == 0)
        {
            tally.Hint(
                $"The manifest of backup {open.Backup.ShortId} records no tables or collections of source \"{source.Name}\", so its rows "
                + "could not be compared.");
        }
        progress.Begin($"counting rows of {source.Name} in backup {open.Backup.ShortId}", source.SizeBytes);
        var dump = await StoredSourceDump.ListAsync(open.Trees, open.Blobs, open.TreeOf(source.Name), cancellationToken);
        try
        {
            var facts = await check.ReadFactsAsync(dump, progress.Advance, cancellationToken);
            tally.Counts = tally.Counts with { Rows = tally.Counts.Rows + facts.Sum(fact => fact.Rows ?? 0) };
            Compare(facts);
        }
        catch (SourceException e) when (e.Error == SourceError.Damaged)
        {
            Differs($"The dump \"{source.Name}\" is not sound: {e.Message}");
        }
    }

    private void Compare(IReadOnlyList<EntryFacts> facts)
    {
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
