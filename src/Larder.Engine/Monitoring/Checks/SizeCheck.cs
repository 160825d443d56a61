using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Checks;

/// <summary>Is the newest backup as large as it should be, against a least size and against those before it?</summary>
internal static class SizeCheck
{
    private const int Compared = 10;

    // Of two or one nobody could tell which is the odd one.
    private const int ComparedMin = 3;

    public static IEnumerable<Condition> Of(JobFacts facts)
    {
        if (facts.Backups.Count == 0)
        {
            yield break;
        }
        var newest = facts.Backups[0];
        var job = facts.Job.Name;
        var condition = new Condition
        {
            Check = "size",
            Subject = job,
            Job = job,
            Event = AlertEvent.Health,
            Level = AlertLevel.Info,
            Title = $"{job}: the size of the newest backup",
            Message = $"The newest backup of job \"{job}\", {newest.ShortId}, holds {ByteSize.Format(newest.SizeBytes)}.",
            Facts = [new NoticeFact("Backup", newest.ShortId), new NoticeFact("Size", ByteSize.Format(newest.SizeBytes))],
        };

        // A backup of the database alone is compared with such, not with one of everything.
        var before = facts.Backups.Skip(1)
            .Where(backup => backup.IsGood && backup.Sources.SequenceEqual(newest.Sources))
            .Take(Compared)
            .ToList();
        yield return Judge(condition, facts, newest, before);
    }

    private static Condition Judge(Condition condition, JobFacts facts, BackupFacts newest, IReadOnlyList<BackupFacts> before)
    {
        var hint = $"\"larder show {newest.ShortId}\" says what is in it"
            + (before.Count > 0 ? $", and \"larder show {before[0].ShortId}\" what was in the one before" : "")
            + "; look at the live data, and keep older backups until it is clear.";
        var job = facts.Job.Name;
        if (newest.SizeBytes == 0 || (newest.Rows == 0 && before.Any(backup => backup.Rows > 0)))
        {
            return condition with
            {
                Level = AlertLevel.Error,
                Title = $"{job}: the newest backup is empty",
                Message = newest.SizeBytes == 0
                    ? $"{condition.Message} That is nothing."
                    : $"The newest backup of job \"{job}\", {newest.ShortId}, holds no rows, and the ones before it did.",
                Hint = hint,
            };
        }
        if (newest.SizeBytes < facts.Thresholds.BackupBytesMin)
        {
            return condition with
            {
                Level = AlertLevel.Warning,
                Title = $"{job}: the newest backup is too small",
                Message = $"{condition.Message} The least is {ByteSize.Format(facts.Thresholds.BackupBytesMin)} (min_backup_size_mb).",
                Hint = hint,
            };
        }
        if (before.Count < ComparedMin)
        {
            return condition;
        }
        var median = Median.Of(before.Select(backup => (double)backup.SizeBytes));
        var share = facts.Thresholds.SizeShareMin;
        var isSmall = newest.SizeBytes < median * share;
        return !isSmall && newest.SizeBytes <= median / share
            ? condition
            : condition with
            {
                Level = AlertLevel.Warning,
                Title = $"{job}: the newest backup is much {(isSmall ? "smaller" : "larger")} than usual",
                Message = $"{condition.Message} The median of the {before.Count} before it is {ByteSize.Format((long)median)}.",
                Hint = hint,
                Facts = [.. condition.Facts, new NoticeFact("Usual size", ByteSize.Format((long)median))],
            };
    }
}
