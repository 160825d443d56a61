using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Engine.Servers;
using Larder.Sources;
using Larder.Sources.Dumps;

namespace Larder.Engine.Restore;

/// <summary>Reads one dump into a server, and holds what stands there then against the manifest.</summary>
internal static class ServerRestore
{
    /// <summary>
    /// Fails with <see cref="SourceException"/>; <see cref="SourceError.Mismatch"/> where what was restored is not what was recorded.
    /// </summary>
    public static async Task<ServerOutcome> ExecuteAsync(
        ReadableBackup backup, ServerStep step, RunProgress progress, CancellationToken cancellationToken)
    {
        // Listed anew: the backup was opened again under the lock, and its blobs may lie elsewhere than when it was planned.
        var source = backup.SourceOf(step.Source.Name);
        var dump = await StoredSourceDump.ListAsync(backup.Trees, backup.Blobs, source.Tree, cancellationToken);
        var outcome = await step.Restore.RestoreAsync(dump, step.Plan, progress.Advance, cancellationToken);
        var recorded = source.Recorded?.Entries ?? [];
        var byName = recorded.ToLookup(entry => (entry.Kind, entry.Name));
        var byFile = recorded.ToLookup(entry => (entry.Kind, entry.File)); // Of a database under another name the entries have others too.
        var entries = new List<RestoredEntry>();
        var differences = new List<string>();
        foreach (var facts in outcome.Entries)
        {
            var known = byName[(facts.Kind, facts.Name)].Concat(byFile[(facts.Kind, facts.File)]).FirstOrDefault();
            var isComparable = step.Plan.Request.Part != DumpPart.Schema && known?.Rows is not null && facts.Rows is not null;
            var difference = isComparable ? Difference(known!, facts) : null;
            if (difference is not null)
            {
                differences.Add(difference);
            }
            entries.Add(new RestoredEntry(source.Name, facts.Name, facts.Kind, facts.Rows, isComparable ? difference is null : null));
        }
        if (differences.Count > 0)
        {
            throw new SourceException(
                SourceError.Mismatch,
                $"What was restored to {step.Plan.Target} is not what the backup recorded: {string.Join("; ", differences.Take(5))}"
                + $"{(differences.Count > 5 ? $"; and {differences.Count - 5} more" : "")}.");
        }
        return new ServerOutcome(entries, outcome.Warnings, entries.TrueForAll(entry => entry.Match != false)
            && entries.Exists(entry => entry.Match == true));
    }

    // Where the content was not read back from the server, it was proven on its way there, and its rows were counted.
    private static string? Difference(ManifestEntry recorded, EntryFacts found) =>
        RecordedEntries.Difference(found.Fingerprint is null ? recorded with { Fingerprint = null } : recorded, found);
}

/// <param name="Entries">What stands there now.</param>
/// <param name="Warnings">What is not as it was.</param>
/// <param name="IsVerified">Whether everything was compared with the manifest, and is equal.</param>
internal sealed record ServerOutcome(IReadOnlyList<RestoredEntry> Entries, IReadOnlyList<SourceWarning> Warnings, bool IsVerified);
