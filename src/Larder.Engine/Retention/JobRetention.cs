namespace Larder.Engine.Retention;

/// <summary>Decides for the backups of one job. README.md tells the rules and why they are so.</summary>
internal static class JobRetention
{
    public static IEnumerable<RetentionDecision> Decide(
        IReadOnlyList<RetentionCandidate> backups,
        KeepPolicy policy,
        TimeZoneInfo zone,
        DateTimeOffset now)
    {
        var newestFirst = backups.OrderByDescending(backup => backup.CreatedAt).ThenBy(backup => backup.BackupId, StringComparer.Ordinal)
            .ToList();
        if (newestFirst.DistinctBy(backup => backup.BackupId, StringComparer.Ordinal).Count() != newestFirst.Count)
        {
            throw new ArgumentException("A backup is listed twice.", nameof(backups));
        }
        var verdicts = newestFirst.ToDictionary(backup => backup, _ => new Verdict());
        var slots = Slot.Of(policy);
        if (policy.KeepsEverything)
        {
            Keep(newestFirst, "no policy, so everything is kept");
        }
        else
        {
            Keep(newestFirst.Where(backup => backup.CreatedAt > now), "dated in the future");
            var dated = newestFirst.Where(backup => backup.CreatedAt <= now).ToList();
            var good = dated.Where(backup => backup.IsGood).ToList();
            var newestGood = good.FirstOrDefault()?.CreatedAt;
            var waiting = dated.Where(backup => !backup.IsGood && !(backup.CreatedAt <= newestGood)).ToList();
            var passed = dated.Where(backup => !backup.IsGood && backup.CreatedAt <= newestGood).ToList();

            var counts = slots.Select(slot => new SlotCount(slot, zone, slot.Count)).ToList();
            DealOut(good, counts, good.FirstOrDefault(), "");

            // Until a good backup comes, the partial ones after the last good one are all there is of that time: they get slots of their
            // own.
            var ownCounts = slots.Select(slot => new SlotCount(slot, zone, slot.Count)).ToList();
            DealOut(waiting, ownCounts, waiting.FirstOrDefault(), " (partial, no newer good backup yet)");

            // Older ones get what the good ones have left over: a period without any good backup, while the count is not used up.
            var leftOver = slots.Zip(counts, (slot, count) => new SlotCount(slot, zone, count.Left, " left over")).ToList();
            good.ForEach(backup => leftOver.ForEach(count => count.Close(backup)));
            DealOut(passed, leftOver, good.FirstOrDefault(), " (partial, left over by good backups)");
        }
        Keep(newestFirst.Where(backup => backup.IsPinned), "pinned");
        KeepTheLast();
        if (newestFirst.Find(backup => backup.PassedDrill) is { } proven)
        {
            verdicts[proven].KeepOtherwise("last that passed a drill"); // A newer one may be good, and is not yet proven.
        }
        return newestFirst.Select(backup => verdicts[backup].On(backup));

        void DealOut(List<RetentionCandidate> group, List<SlotCount> counts, RetentionCandidate? newest, string note)
        {
            foreach (var backup in group)
            {
                var verdict = verdicts[backup];
                foreach (var (slot, count) in slots.Zip(counts))
                {
                    if (count.TryTake(backup))
                    {
                        verdict.Keep(slot.Word + note, slot.Category);
                    }
                    else
                    {
                        verdict.Refuse(count.Refusal(backup));
                    }
                }

                // Counted back from a backup, not from today: a stopped scheduler never empties a repository.
                if (policy.Within is { } within && newest is not null)
                {
                    var span = DurationText.Format(within);
                    if (newest.CreatedAt - backup.CreatedAt <= within)
                    {
                        verdict.Keep($"within {span}{note}", null);
                    }
                    else
                    {
                        verdict.Refuse($"older than {span}");
                    }
                }
            }
        }

        void Keep(IEnumerable<RetentionCandidate> which, string reason)
        {
            foreach (var backup in which)
            {
                verdicts[backup].Keep(reason, null);
            }
        }

        // Whatever the policy says. A date in the future is not trusted to be the last.
        void KeepTheLast()
        {
            var dated = newestFirst.Where(backup => backup.CreatedAt <= now).ToList();
            var lastGood = dated.Find(backup => backup.IsGood) ?? newestFirst.Find(backup => backup.IsGood);
            if (lastGood is not null)
            {
                verdicts[lastGood].KeepOtherwise("last good backup");
            }
            else if (newestFirst.Count > 0)
            {
                verdicts[dated.FirstOrDefault() ?? newestFirst[0]].KeepOtherwise("last backup, none is good");
            }
        }
    }

    private sealed class Verdict
    {
        private readonly List<string> keeps = [];
        private readonly List<string> refusals = [];
        private BackupCategory? category;

        public void Keep(string reason, BackupCategory? slot)
        {
            keeps.Add(reason);
            category = slot > category || category is null ? slot ?? category : category;
        }

        public void KeepOtherwise(string reason)
        {
            if (keeps.Count == 0)
            {
                keeps.Add(reason);
            }
        }

        public void Refuse(string reason) => refusals.Add(reason);

        public RetentionDecision On(RetentionCandidate backup) => new()
        {
            Backup = backup,
            Keep = keeps.Count > 0,
            Reasons = keeps.Count > 0 ? keeps : refusals,
            Category = category,
        };
    }
}
