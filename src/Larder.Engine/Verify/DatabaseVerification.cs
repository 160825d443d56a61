using Larder.Engine.Backups;
using Larder.Sources;
using Larder.Sources.Sqlite;
using Larder.Sources.Tools;

namespace Larder.Engine.Verify;

/// <summary>
/// Takes a SQLite database out of a backup into a private temporary file, checks it, and compares every table with what was recorded.
/// </summary>
internal sealed class DatabaseVerification(OpenBackup open, ManifestSource source, VerifyTally tally)
{
    /// <param name="found">The files of the source; those with a problem are passed over, they were reported.</param>
    public async Task ExecuteAsync(ContentFiles found, CancellationToken cancellationToken)
    {
        if (source.Entries.Count == 0)
        {
            tally.Hint(
                $"The manifest of backup {open.Backup.ShortId} records no tables of source \"{source.Name}\", so its rows could not be "
                + "compared.");
        }
        foreach (var file in found.Named.Where(file => file.Problem is null))
        {
            var recorded = source.Entries.Where(entry => entry.File == file.Path).ToList();
            if (recorded.Count == 0 && source.Entries.Count > 0)
            {
                var shown = $"{source.Name}/{file.Path}";
                tally.Differs(
                    open.Place.Repository,
                    open.Backup,
                    shown,
                    $"The database \"{shown}\" is in the backup, and the manifest does not know it.");
            }
            await VerifyAsync(file, recorded, cancellationToken);
        }
    }

    private async Task VerifyAsync(ContentFile file, IReadOnlyList<ManifestEntry> recorded, CancellationToken cancellationToken)
    {
        var shown = $"{source.Name}/{file.Path}";
        using var folder = PrivateFolder.Create(); // What is in it is nobody else's business.
        try
        {
            var path = folder["database"];
            await ExtractAsync(file, path, cancellationToken);
            var facts = await SqliteCheck.InspectAsync(path, file.Path, cancellationToken);
            tally.Counts =
                tally.Counts with { Rows = tally.Counts.Rows + facts.Where(fact => fact.Kind == "table").Sum(fact => fact.Rows ?? 0) };
            foreach (var difference in RecordedEntries.Differences(recorded, facts))
            {
                tally.Differs(open.Place.Repository, open.Backup, shown, $"In \"{shown}\" {difference}.");
            }
        }
        catch (SourceException e) when (e.Error == SourceError.Damaged)
        {
            tally.Differs(open.Place.Repository, open.Backup, shown, $"The database \"{shown}\" is not sound: {e.Message}");
        }
    }

    private async Task ExtractAsync(ContentFile file, string path, CancellationToken cancellationToken)
    {
        await using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        await foreach (var plain in open.Blobs.ReadAsync(file.Node.Content ?? [], cancellationToken))
        {
            await target.WriteAsync(plain, cancellationToken);
        }
    }
}
