using Larder.Engine.Backups;
using Larder.Repository;
using Larder.Repository.Snapshots;

namespace Larder.Engine.Tests.Backups;

/// <summary>Backups to test with.</summary>
internal static class Samples
{
    public static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    public static readonly DateTimeOffset Moment = new(2024, 7, 8, 14, 30, 22, TimeSpan.FromHours(2));

    public static Manifest Manifest(BackupStatus status = BackupStatus.Success) => new()
    {
        Job = "journal",
        RunId = "0190926e3d7f7c5a8f3e2b1a09f8e7d6",
        Timestamp = "20240708_143022",
        CreatedAt = Moment,
        FinishedAt = Moment.AddSeconds(12.5),
        TimeZone = "Europe/Berlin",
        Status = status,
        Description = "before the upgrade to “3.0”, für alle",
        Tags = ["pre-deploy"],
        Trigger = "manual",
        CreatedBy = "anna",
        LarderVersion = "0.1.0",
        Host = "pi",
        GitCommit = "3f9a1c2",
        GitBranch = "main",
        SizeBytes = 1234,
        DurationSeconds = 12.5,
        Sources =
        [
            new ManifestSource
            {
                Name = "db",
                Engine = "sqlite",
                EngineVersion = "3.40.1",
                DatabaseName = "journal.db",
                Consistency = "snapshot",
                DurationSeconds = 2,
                SizeBytes = 1000,
                Files = 1,
                Tree = new string('a', 64),
                NotCaptured = [new ManifestWarning("globals.sql", "Passwords of roles: the role may not read them.")],
                Entries =
                [
                    new ManifestEntry
                    {
                        Name = "entries",
                        Kind = "table",
                        File = "journal.db",
                        Rows = 5,
                        Fingerprint = new Larder.Sources.Fingerprint(5, 42).ToString(),
                        DurationSeconds = 0.25,
                        Segments = [new ManifestSegment("journal.db", 1000)],
                    },
                    new ManifestEntry { Name = "tags", Kind = "table", File = "journal.db", Rows = 7 },
                ],
            },
            new ManifestSource
            {
                Name = "code",
                Engine = "files",
                Consistency = "per file",
                DurationSeconds = 1,
                SizeBytes = 234,
                Files = 17,
                Warnings = status == BackupStatus.Partial ? [new ManifestWarning("srv/cache", "It was gone when its turn came.")] : [],
            },
        ],
        Repositories = [new ManifestRepository("local"), new ManifestRepository("offsite")],
    };

    public static SnapshotId Id(string name) => new(Hash256.Of(System.Text.Encoding.UTF8.GetBytes(name)));

    public static BackupCopy Copy(string repository, string id, string? original = null, Manifest? manifest = null, params string[] extraTags) => new()
    {
        Repository = repository,
        SnapshotId = Id(id),
        Manifest = manifest,
        Snapshot = new Snapshot
        {
            Time = Moment,
            Tree = new BlobId(Hash256.Of("tree"u8)),
            Paths = ["/journal"],
            Username = "root",
            Tags = [BackupTags.Larder, BackupTags.OfJob("journal"), .. extraTags],
            Original = original is null ? null : Id(original),
            Summary = new SnapshotSummary
            {
                BackupStart = Moment,
                BackupEnd = Moment.AddSeconds(3),
                DataAddedPacked = original is null ? 77UL : 99UL,
                TotalBytesProcessed = 1300,
            },
        },
    };

    public static Backup Backup(string backupId, DateTimeOffset createdAt, string job = "journal") => new()
    {
        BackupId = backupId.PadRight(64, '0'),
        Places = [new BackupPlace("local", Id(backupId))],
        Job = job,
        Status = BackupStatus.Success,
        CreatedAt = createdAt,
        Timestamp = BackupTime.Timestamp(createdAt, Berlin),
    };
}
