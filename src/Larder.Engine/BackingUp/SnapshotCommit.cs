using Larder.Engine.Backups;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Repository.Snapshots;
using Larder.Repository.Writing;

namespace Larder.Engine.BackingUp;

/// <summary>Makes of what was stored a backup: its snapshot, written last in each repository, and read back.</summary>
internal sealed class SnapshotCommit(EngineContext context, JobSettings job, BackupTargets targets, PreviousBackup previous)
{
    /// <summary>
    /// Commits the snapshot in every sound repository. The first one's id names the backup; the others carry it as <c>original</c>.
    /// </summary>
    public async Task<IReadOnlyList<BackupCopy>> ExecuteAsync(
        Manifest manifest, BlobId root, IReadOnlyList<StoredSource> stored, CancellationToken cancellationToken)
    {
        var copies = new List<BackupCopy>();
        foreach (var (name, writer) in targets.Sound.ToList())
        {
            var snapshot = new Snapshot
            {
                Time = TimeOf(manifest),
                Tree = root,
                Parent = writer == targets.First ? previous.SnapshotId : null,
                Paths = [$"/{job.Name}"],
                Hostname = context.Host,
                Username = context.CreatedBy,
                Tags = BackupTags.Of(job.Name, manifest.Status, pinned: false, manifest.Tags),
                Original = copies.Count == 0 ? null : copies[0].SnapshotId,
                ProgramVersion = $"larder {context.LarderVersion}",
                Summary = Summarize(manifest, stored, writer.Statistics),
            };
            try
            {
                var id = await writer.CommitSnapshotAsync(snapshot, cancellationToken);
                await ReadBackAsync(name, writer, id, snapshot, manifest, cancellationToken);
                copies.Add(new BackupCopy { Repository = name, SnapshotId = id, Snapshot = snapshot, Manifest = manifest });
            }
            catch (RepositoryException e) when (copies.Count > 0 || targets.Sound.Count() > 1)
            {
                writer.Fail(e);
            }
            catch (OperationCanceledException)
            {
                // A cancelled backup leaves no snapshot, in the repositories that were done either.
                foreach (var copy in copies)
                {
                    await targets.Sound.First(target => target.Name == copy.Repository).Writer.WithdrawSnapshotAsync(copy.SnapshotId);
                }
                throw;
            }
        }
        return copies.Count > 0
            ? copies
            : throw new LarderException(
                EngineError.ReadBackFailed,
                $"The backup of job \"{job.Name}\" could be committed to none of its repositories.",
                targets.Writers[0].Failure);
    }

    /// <summary>
    /// Of a safety backup just before the newest backup proper, so that it is not what stock restic takes for `latest`. When it was really
    /// made is in its manifest, by which Larder goes, and in the summary of its snapshot.
    /// </summary>
    private DateTimeOffset TimeOf(Manifest manifest) =>
        manifest.Tags.Contains(BackupTags.Safety) && previous.Time < manifest.CreatedAt
            ? previous.Time.Value - TimeSpan.FromMilliseconds(1)
            : manifest.CreatedAt;

    private static SnapshotSummary Summarize(Manifest manifest, IReadOnlyList<StoredSource> stored, WriterStatistics statistics) => new()
    {
        BackupStart = manifest.CreatedAt,
        BackupEnd = manifest.FinishedAt,
        FilesNew = (ulong)stored.Sum(source => source.Figures.Files - source.Figures.UnchangedFiles),
        FilesUnmodified = (ulong)stored.Sum(source => source.Figures.UnchangedFiles),
        DataBlobs = statistics.DataBlobs,
        TreeBlobs = statistics.TreeBlobs,
        DataAdded = (ulong)statistics.AddedPlainBytes,
        DataAddedPacked = (ulong)statistics.StoredBytes,
        TotalFilesProcessed = (ulong)stored.Sum(source => source.Figures.Files),
        TotalBytesProcessed = (ulong)manifest.SizeBytes,
    };

    /// <summary>
    /// Reads trees and manifest back from the storage: what cannot be read back does not count, and its snapshot is taken back.
    /// </summary>
    private static async Task ReadBackAsync(
        string repository,
        RepositoryWriter writer,
        SnapshotId id,
        Snapshot snapshot,
        Manifest manifest,
        CancellationToken cancellationToken)
    {
        try
        {
            var trees = new Repository.Reading.TreeSource(writer.Repository, writer.Index);
            var (stored, _) = await OpenBackup.ReadManifestAsync(writer.Repository, trees, snapshot, cancellationToken);
            if (stored.RunId != manifest.RunId)
            {
                throw new RepositoryException(
                    RepositoryError.StorageFailed, $"Repository \"{repository}\" does not give back the manifest that was written to it.");
            }
        }
        catch
        {
            await writer.WithdrawSnapshotAsync(id);
            throw;
        }
    }
}
