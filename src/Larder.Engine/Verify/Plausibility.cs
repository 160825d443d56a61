using System.Globalization;
using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Cleanup;
using Larder.Engine.Errors;

namespace Larder.Engine.Verify;

/// <summary>
/// Compares backups with those before them, with the clock and with the run history. What it finds is doubtful and no damage.
/// </summary>
internal static class Plausibility
{
    // With fewer there is no telling what is usual.
    private const int ComparedMin = 3;

    // Below these a table may well have half or double of what it had yesterday.
    private const long ManyRows = 10;
    private const long ManyBytes = 64 * 1024;

    // No backup of Larder is older than Larder.
    private static readonly DateTimeOffset EarliestBackup = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Clocks of machines that share a repository differ by seconds; minutes are somebody's mistake.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <param name="backup">The one that is looked at.</param>
    /// <param name="before">Good ones of its job, see <see cref="BackupHistory.Before"/>.</param>
    /// <param name="tally">Gets the hints.</param>
    public static void CompareSize(Backup backup, IReadOnlyList<Backup> before, VerifyTally tally)
    {
        if (FarFromMedian(backup.SizeBytes, [.. before.Select(other => other.SizeBytes)], 0) is { } median)
        {
            tally.Hint($"Backup {backup.ShortId} of job \"{backup.Job}\" has {Number(backup.SizeBytes)} bytes; "
                + $"the median of the {before.Count} before it is {Number(median)}.");
        }
    }

    /// <summary>
    /// Tables that are gone, that are suddenly empty, and whose rows or bytes are far from what they were. Sources that one of the
    /// backups does not have are not compared: somebody asked for less.
    /// </summary>
    public static void CompareEntries(OpenBackup now, IReadOnlyList<Manifest> before, VerifyTally tally)
    {
        foreach (var source in now.Manifest.Sources)
        {
            List<List<ManifestEntry>> earlier =
            [
                .. before.SelectMany(manifest => manifest.Sources).Where(other => other.Name == source.Name && other.Entries.Count > 0)
                    .Select(other => other.Entries.ToList()),
            ];
            if (earlier.Count == 0)
            {
                continue;
            }
            FindMissing(now.Backup, source, earlier, tally);
            foreach (var entry in source.Entries)
            {
                Compare(now.Backup, source, entry, [.. earlier.Select(entries => entries.Find(other => IsSame(other, entry)))], tally);
            }
        }
    }

    private static void FindMissing(Backup backup, ManifestSource source, List<List<ManifestEntry>> earlier, VerifyTally tally)
    {
        foreach (var entry in earlier[0].Where(entry => earlier.TrueForAll(entries => entries.Exists(other => IsSame(other, entry)))))
        {
            if (!source.Entries.Any(other => IsSame(other, entry)))
            {
                tally.Hint($"The {entry.Kind} \"{source.Name}/{entry.Name}\" is not in backup {backup.ShortId}, and was in "
                    + (earlier.Count == 1 ? "the one before it." : $"each of the {earlier.Count} before it."));
            }
        }
    }

    /// <param name="backup">Which has the entry.</param>
    /// <param name="source">Whose entry it is.</param>
    /// <param name="entry">The one that is looked at.</param>
    /// <param name="earlier">The same in the backups before, newest first; null where one does not have it.</param>
    /// <param name="tally">Gets the hints.</param>
    private static void Compare(
        Backup backup, ManifestSource source, ManifestEntry entry, IReadOnlyList<ManifestEntry?> earlier, VerifyTally tally)
    {
        var about = $"The {entry.Kind} \"{source.Name}/{entry.Name}\" has";
        if (entry.Rows == 0 && earlier[0]?.Rows is >= ManyRows and var had)
        {
            tally.Hint($"{about} no rows in backup {backup.ShortId}, and had {Number(had)} in the backup before it.");
            return;
        }
        var rows = earlier.Select(other => other?.Rows).OfType<long>().ToList();
        var bytes = earlier.Select(other => other?.Bytes).OfType<long>().ToList();
        if (entry.Rows is { } nowRows && FarFromMedian(nowRows, rows, ManyRows) is { } usualRows)
        {
            tally.Hint($"{about} {Number(nowRows)} rows in backup {backup.ShortId}; "
                + $"the median of the {rows.Count} before it is {Number(usualRows)}.");
        }
        else if (entry.Bytes is { } nowBytes && FarFromMedian(nowBytes, bytes, ManyBytes) is { } usualBytes)
        {
            tally.Hint($"{about} {Number(nowBytes)} bytes in backup {backup.ShortId}; "
                + $"the median of the {bytes.Count} before it is {Number(usualBytes)}.");
        }
    }

    private static bool IsSame(ManifestEntry one, ManifestEntry other) => one.Kind == other.Kind && one.Name == other.Name;

    /// <returns>The median, where the value is less than half or more than double of it; otherwise null.</returns>
    private static long? FarFromMedian(long value, IReadOnlyList<long> before, long differenceMin)
    {
        if (before.Count < ComparedMin)
        {
            return null;
        }
        var median = (long)Median.Of(before.Select(other => (double)other));
        return Math.Abs(value - median) >= differenceMin && (value < median / 2 || value / 2 > median) ? median : null;
    }

    /// <summary>Times that cannot be: an end before the beginning or in the future, a beginning before there was a Larder.</summary>
    public static void CheckTimes(OpenBackup open, DateTimeOffset now, VerifyTally tally)
    {
        var (backup, manifest) = (open.Backup, open.Manifest);
        var about = $"Backup {backup.ShortId} of job \"{backup.Job}\"";
        if (manifest.FinishedAt < manifest.CreatedAt)
        {
            tally.Hint($"{about} ended at {Moment(manifest.FinishedAt)}, before it began at {Moment(manifest.CreatedAt)}.");
        }
        else if (manifest.FinishedAt > now + ClockTolerance && manifest.CreatedAt <= now + ClockTolerance)
        {
            tally.Hint($"{about} ended at {Moment(manifest.FinishedAt)}, which is in the future.");
        }
        if (manifest.CreatedAt < EarliestBackup)
        {
            tally.Hint($"{about} is dated {manifest.Timestamp}, which is before there were any. Check the clock of the machine that "
                + "made it.");
        }
        if (manifest.Timestamp != manifest.CreatedAt.ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture))
        {
            tally.Hint($"{about} is dated {manifest.Timestamp}, and began at {Moment(manifest.CreatedAt)}.");
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

    private static string Moment(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
