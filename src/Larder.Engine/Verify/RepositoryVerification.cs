using Larder.Engine.Backups;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Repository.Maintenance;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;

namespace Larder.Engine.Verify;

/// <summary>
/// Verifies one repository, or some backups in it, below the level of content: files, references and, where asked, every byte.
/// </summary>
internal sealed class RepositoryVerification(
    string name, Repository.Repository repository, IReadOnlyList<Backup> backups, VerifyTally tally)
{
    /// <param name="request">Level and share.</param>
    /// <param name="only">The snapshots that are meant; null for the whole repository.</param>
    /// <param name="progress">Counts stored bytes of packs.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task ExecuteAsync(
        VerifyRequest request, IReadOnlyCollection<SnapshotId>? only, RunProgress progress, CancellationToken cancellationToken)
    {
        progress.Begin($"checking {name}", 0);
        var report = await new Checker(repository, new CheckOptions
        {
            ReadsData = request.Level >= VerifyLevel.Data,
            Subset = request.Subset,
            Snapshots = only,
            OnBytesExpected = bytes => progress.Begin($"reading {name}", bytes),
            OnBytesRead = progress.Advance,
        }).ExecuteAsync(cancellationToken);

        var names = await NameSnapshotsAsync(cancellationToken);
        foreach (var damage in report.Damages)
        {
            if (only is not null && damage is { File.Kind: FileKind.Pack, Snapshots.Count: 0 })
            {
                tally.Hint($"{damage.Message.TrimEnd('.')}. It touches none of the backups that were asked for.");
                continue;
            }
            tally.Add(await DescribeAsync(damage, names, cancellationToken));
        }
        foreach (var hint in report.Hints)
        {
            tally.Hint($"Repository \"{name}\": {hint}.");
        }
        var counts = tally.Counts;
        tally.Counts = counts with
        {
            Backups = counts.Backups + report.Snapshots,
            Packs = counts.Packs + report.Packs,
            PacksRead = counts.PacksRead + report.PacksRead,
            BytesRead = counts.BytesRead + report.BytesRead,
            Blobs = counts.Blobs + report.Blobs,
        };
    }

    private async Task<Dictionary<SnapshotId, AffectedBackup>> NameSnapshotsAsync(CancellationToken cancellationToken)
    {
        var names = new Dictionary<SnapshotId, AffectedBackup>();
        await foreach (var (id, snapshot) in Stored(cancellationToken))
        {
            names[id] = new AffectedBackup(
                (snapshot.Original ?? id).ToString()[..8],
                BackupTime.Timestamp(snapshot.Time, TimeZoneInfo.CreateCustomTimeZone("stored", snapshot.Time.Offset, null, null)),
                BackupTags.JobOf(snapshot.Tags));
        }
        foreach (var backup in backups)
        {
            foreach (var place in backup.Places)
            {
                names[place.SnapshotId] = VerifyTally.Affected(backup); // Its manifest knows the job's time zone.
            }
        }
        return names;
    }

    private async IAsyncEnumerable<(SnapshotId Id, Snapshot Snapshot)> Stored(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // One that cannot be read is among the damages already.
        await foreach (var stored in repository.ListSnapshotsAsync(_ => { }, cancellationToken))
        {
            yield return (stored.Id, stored.Snapshot);
        }
    }

    private async Task<VerifyFinding> DescribeAsync(
        Damage damage, Dictionary<SnapshotId, AffectedBackup> names, CancellationToken cancellationToken)
    {
        var row = ErrorTable.Row(await KindAsync(damage, cancellationToken));
        return new VerifyFinding
        {
            Code = row.Code,
            Message = damage.Message.EndsWith('.') ? damage.Message : $"{damage.Message}.",
            File = damage.File is { } file ? PathOf(file) : null,
            Repository = name,
            Backups =
            [
                .. damage.Snapshots.Select(id => names.GetValueOrDefault(id) ?? new AffectedBackup(id.ToString()[..8], null, null))
                    .Distinct()
                    .OrderBy(backup => backup.Timestamp, StringComparer.Ordinal),
            ],
            ExitStatus = ExitStatus.Damage,
        };
    }

    private async Task<RepositoryError> KindAsync(Damage damage, CancellationToken cancellationToken)
    {
        if (damage.File is not { } file)
        {
            return RepositoryError.BlobMissing;
        }
        return await repository.Storage.FindLengthAsync(file, cancellationToken) is null
            ? RepositoryError.FileMissing
            : RepositoryError.Damaged;
    }

    // As in restic's default layout, so that whoever looks for the file finds it.
    private static string PathOf(StorageKey file) => file.Kind switch
    {
        FileKind.Config => "config",
        FileKind.Pack => $"data/{file.Name.ToString()[..2]}/{file.Name}",
        _ => $"{StorageKey.Directory(file.Kind)}/{file.Name}",
    };
}
