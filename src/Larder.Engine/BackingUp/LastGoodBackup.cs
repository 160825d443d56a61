using Larder.Engine.Backups;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;

namespace Larder.Engine.BackingUp;

/// <summary>What the good backups of a job recorded, newest first, read as far as it is needed.</summary>
internal sealed class LastGoodBackup(RepositoryWriter writer, string job)
{
    // A job may back up its sources by turns; one that is in none of these was added, or rests.
    private const int LookedAtMax = 20;

    private readonly List<Manifest> read = [];
    private Queue<Snapshot>? unread;

    /// <summary>A source in the newest good backup that has it; null where none has, or its manifest cannot be read.</summary>
    public async Task<ManifestSource?> OfSourceAsync(string source, CancellationToken cancellationToken)
    {
        unread ??= await FindAsync(cancellationToken);
        for (var i = 0; ; i++)
        {
            if (i == read.Count && !await ReadNextAsync(cancellationToken))
            {
                return null;
            }
            if (read[i].Sources.FirstOrDefault(one => one.Name == source) is { } found)
            {
                return found;
            }
        }
    }

    private async Task<Queue<Snapshot>> FindAsync(CancellationToken cancellationToken)
    {
        var good = new List<Snapshot>();
        await foreach (var stored in writer.Repository.ListSnapshotsAsync(_ => { }, cancellationToken))
        {
            if (BackupTags.JobOf(stored.Snapshot.Tags) == job
                && !stored.Snapshot.Tags.Any(tag => tag is BackupTags.Partial or BackupTags.Safety))
            {
                good.Add(stored.Snapshot);
            }
        }
        return new Queue<Snapshot>(good.OrderByDescending(snapshot => snapshot.Time).Take(LookedAtMax));
    }

    private async Task<bool> ReadNextAsync(CancellationToken cancellationToken)
    {
        var trees = new TreeSource(writer.Repository, writer.Index);
        while (unread!.TryDequeue(out var snapshot))
        {
            try
            {
                var (manifest, _) = await OpenBackup.ReadManifestAsync(writer.Repository, trees, snapshot, cancellationToken);
                read.Add(manifest);
                return true;
            }
            catch (Exception e) when (e is RepositoryException or LarderException)
            {
                // Verify tells of it; here the one before it is as good.
            }
        }
        return false;
    }
}
