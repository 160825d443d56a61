using System.Globalization;
using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Cleanup;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

namespace Larder.Engine.Verify;

/// <summary>
/// Compares backups with those before them, with the clock and with the run history. What it finds is doubtful and no damage.
/// </summary>
internal static class Plausibility
{
    // With fewer there is no telling what is usual.
    private const int ComparedMin = 3;
    private const int ComparedMax = 10;
    private const long ManyRows = 10;

    // Clocks of machines that share a repository differ by seconds; minutes are somebody's mistake.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    public static void CompareWithThoseBefore(Backup backup, IReadOnlyList<Backup> all, VerifyTally tally)
    {
        var before = all.Where(other => other.Job == backup.Job && other.CreatedAt < backup.CreatedAt)
            .Where(other => BackupSurvey.IsGood(other) && !other.IsSafety)
            .OrderByDescending(other => other.CreatedAt)
            .Take(ComparedMax)
            .ToList();
        if (before.Count >= ComparedMin)
        {
            var sizes = before.Select(other => other.SizeBytes).Order().ToList();
            var median = sizes[sizes.Count / 2];
            if (backup.SizeBytes < median / 2 || backup.SizeBytes / 2 > median)
            {
                tally.Hint($"Backup {backup.ShortId} of job \"{backup.Job}\" has {Number(backup.SizeBytes)} bytes; "
                    + $"the median of the {before.Count} before it is {Number(median)}.");
            }
        }
    }

    /// <summary>Tables that were full in the backup before and are empty now.</summary>
    public static void CompareRows(OpenBackup now, Manifest before, VerifyTally tally)
    {
        var rowsBefore = before.Sources
            .SelectMany(source => source.Entries.Select(entry => (Key: (source.Name, entry.Kind, entry.Name), entry.Rows)))
            .GroupBy(entry => entry.Key)
            .ToDictionary(entry => entry.Key, entry => entry.Sum(each => each.Rows ?? 0));
        foreach (var source in now.Manifest.Sources)
        {
            foreach (var entry in source.Entries.Where(entry => entry.Rows == 0))
            {
                if (rowsBefore.GetValueOrDefault((source.Name, entry.Kind, entry.Name)) is >= ManyRows and var rows)
                {
                    tally.Hint(
                        $"The {entry.Kind} \"{source.Name}/{entry.Name}\" has no rows in backup {now.Backup.ShortId}, and had "
                        + $"{Number(rows)} in the backup before it.");
                }
            }
        }
    }

    public static void FindFuture(IEnumerable<Backup> backups, DateTimeOffset now, VerifyTally tally)
    {
        foreach (var backup in backups.Where(backup => backup.CreatedAt > now + ClockTolerance))
        {
            tally.Hint(
                $"Backup {backup.ShortId} of job \"{backup.Job}\" is dated {backup.Timestamp}, which is in the future. Check the clock of "
                + "the machine that made it.");
        }
    }

    /// <summary>Backups that the catalog saw succeed and that are in no repository, although Larder did not remove them.</summary>
    public static void FindGone(EngineContext context, IReadOnlyList<Backup> backups, VerifyTally tally)
    {
        if (context.Catalog is not { } catalog)
        {
            return;
        }
        try
        {
            var present = backups.Select(backup => backup.BackupId).ToHashSet(StringComparer.Ordinal);
            var gone = catalog.Runs(new RunFilter { Kind = RunKind.Backup, Limit = int.MaxValue }).Runs
                .Where(
                    run => run is { Status: RunStatus.Success or RunStatus.Partial, BackupId: not null } && !present.Contains(run.BackupId))
                .ToList();
            if (gone.Count == 0)
            {
                return;
            }
            var removed = RemovalJournal.Read(catalog);
            foreach (var run in gone.Where(run => !removed.Contains(run.BackupId!)))
            {
                tally.Hint($"Backup {run.BackupId![..8]} of job \"{run.Job}\" was made on {run.StartedAt:yyyy-MM-dd HH:mm} UTC, and is "
                    + "gone: "
                    + "it is in no repository, and Larder did not remove it.");
            }
        }
        catch (LarderException e)
        {
            context.Warn($"{e.Message} Whether backups are gone could not be told.");
        }
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
