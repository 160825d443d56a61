using Larder.Repository.Snapshots;

namespace Larder.Engine.Backups;

/// <summary>
/// Makes backups of the snapshots that were found: copies of one restore point, in whatever repositories, become one backup.
/// </summary>
public static class BackupJoin
{
    /// <param name="copies">What was found, in the order of the repositories in the configuration. Snapshots that are not Larder's are
    /// passed over.</param>
    /// <param name="zoneOfJob">The job's time zone; used only where the manifest cannot be read, which otherwise has the
    /// timestamp.</param>
    /// <returns>Newest first; of equal times, by id.</returns>
    public static IReadOnlyList<Backup> Join(IEnumerable<BackupCopy> copies, Func<string, TimeZoneInfo> zoneOfJob) =>
    [
        .. copies.Where(copy => copy.IsBackup)
            .GroupBy(copy => copy.BackupId, StringComparer.Ordinal)
            .Select(group => One([.. group], zoneOfJob))
            .OrderByDescending(backup => backup.CreatedAt)
            .ThenBy(backup => backup.BackupId, StringComparer.Ordinal),
    ];

    private static Backup One(IReadOnlyList<BackupCopy> copies, Func<string, TimeZoneInfo> zoneOfJob)
    {
        // The first written one has no original; it knows what the backup added.
        var first = copies.FirstOrDefault(copy => copy.Snapshot.Original is null) ?? copies[0];
        var known = copies.FirstOrDefault(copy => copy.Manifest is not null);
        var (snapshot, manifest) = (first.Snapshot, known?.Manifest);
        var job = manifest?.Job ?? BackupTags.JobOf(snapshot.Tags)!;
        var createdAt = manifest?.CreatedAt ?? snapshot.Time;
        return new Backup
        {
            BackupId = first.BackupId,
            Places = [.. copies.Select(copy => new BackupPlace(copy.Repository, copy.SnapshotId))],
            Timestamp = manifest?.Timestamp ?? BackupTime.Timestamp(createdAt, zoneOfJob(job)),
            CreatedAt = createdAt,
            Job = job,

            // Whoever says partial is right: without its manifest, the tag is all there is.
            Status = manifest?.Status == BackupStatus.Partial || copies.Any(copy => copy.Snapshot.Tags.Contains(BackupTags.Partial))
                ? BackupStatus.Partial
                : BackupStatus.Success,
            Description = manifest?.Description,
            Tags = manifest?.Tags ?? [.. snapshot.Tags.Where(tag => !BackupTags.IsReserved(tag))],

            // One pinned copy is enough: a pin that reached only one repository still protects.
            Pinned = copies.Any(copy => copy.Snapshot.Tags.Contains(BackupTags.Pinned)),
            IsSafety = snapshot.Tags.Contains(BackupTags.Safety),
            Drill = BackupTags.DrillOf(copies.SelectMany(copy => copy.Snapshot.Tags)),
            CreatedBy = manifest?.CreatedBy ?? snapshot.Username,
            Sources = [.. (manifest?.Sources ?? []).Select(Source)],
            SizeBytes = manifest?.SizeBytes ?? (long)(snapshot.Summary?.TotalBytesProcessed ?? 0),
            AddedBytes = (long?)snapshot.Summary?.DataAddedPacked,
            DurationSeconds = manifest?.DurationSeconds ?? Duration(snapshot.Summary),
            GitCommit = manifest?.GitCommit,
            GitBranch = manifest?.GitBranch,
            Warnings = [.. manifest is null ? Unreadable(copies) : Warnings(manifest)],
        };
    }

    private static BackupSource Source(ManifestSource source) => new(
        source.Name,
        source.Engine,
        source.DatabaseName,
        source.DatabaseHost,
        source.Entries.Count > 0 ? source.Entries.Count : source.Files,
        source.Entries.Any(entry => entry.HasRows) ? source.Entries.Where(entry => entry.HasRows).Sum(entry => entry.Rows!.Value) : null)
    {
        CountedEntries = source.Entries.Count(entry => entry.HasRows),
    };

    private static IEnumerable<ManifestWarning> Warnings(Manifest manifest) =>
        manifest.Sources
            .SelectMany(source => source.Warnings.Select(warning => warning with
            {
                Path = warning.Path.Length > 0 ? $"{source.Name}/{warning.Path}" : source.Name,
            }))
            .Concat(manifest.Warnings.Select(reason => new ManifestWarning("", reason)))
            .Concat(manifest.Repositories.Where(repository => repository.FailedBecause is not null)
                .Select(
                    repository => new ManifestWarning("", $"Not written to repository \"{repository.Name}\": {repository.FailedBecause}")));

    private static IEnumerable<ManifestWarning> Unreadable(IReadOnlyList<BackupCopy> copies) =>
        copies.Where(copy => copy.ManifestProblem is not null)
            .Take(1)
            .Select(copy => new ManifestWarning(ManifestJson.FileName, copy.ManifestProblem!));

    private static double Duration(SnapshotSummary? summary) =>
        summary is null ? 0 : (summary.BackupEnd - summary.BackupStart).TotalSeconds;
}
