using FsCheck;
using FsCheck.Fluent;
using Larder.Engine.Retention;

namespace Larder.Engine.Tests.Retention;

public sealed class RetentionPropertyTests
{
    private static readonly DateTimeOffset Start = new(2023, 12, 20, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = Start.AddDays(120);
    private static readonly TimeZoneInfo[] Zones =
        [.. new[] { "UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia" }.Select(TimeZoneInfo.FindSystemTimeZoneById)];

    private static readonly Gen<int?> Count = Gen.Frequency(
        (2, Gen.Constant((int?)null)),
        (3, Gen.Choose(0, 6).Select(number => (int?)number)));

    private static readonly Gen<KeepPolicy> Policies =
        from last in Count
        from hourly in Count
        from daily in Count
        from weekly in Count
        from monthly in Count
        from yearly in Count
        from hours in Gen.Frequency((2, Gen.Constant((int?)null)), (1, Gen.Choose(0, 400).Select(number => (int?)number)))
        select new KeepPolicy
        {
            Last = last,
            Hourly = hourly,
            Daily = daily,
            Weekly = weekly,
            Monthly = monthly,
            Yearly = yearly,
            Within = hours is { } number ? TimeSpan.FromHours(number) : null,
        };

    // Half hours over 130 days: several in an hour and a day, equal times, some in the future, a quarter partial.
    private static readonly Gen<RetentionCandidate[]> Backups =
        from spread in Gen.Elements(100, 6240)
        from several in (from halfHours in Gen.Choose(0, spread)
                         from good in Gen.Choose(0, 3)
                         from pin in Gen.Choose(0, 12)
                         select (halfHours, good, pin)).ArrayOf()
        select several.Select((one, at) => new RetentionCandidate
        {
            BackupId = $"{at:x8}",
            Job = "journal",
            CreatedAt = Start.AddMinutes(30 * one.halfHours),
            IsGood = one.good > 0,
            IsPinned = one.pin == 0,
        }).ToArray();

    private static readonly Arbitrary<(RetentionCandidate[] Backups, KeepPolicy Policy, TimeZoneInfo Zone)> Situations =
        (from backups in Backups
         from policy in Policies
         from zone in Gen.Elements(Zones)
         select (backups, policy, zone)).ToArbitrary();

    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(100);

    [Fact]
    public void The_last_good_backup_is_never_removed() => Holds((backups, policy, zone) =>
        !backups.Any(backup => backup.IsGood)
        || Plan(backups, policy, zone).Kept.Any(kept => kept.Backup.CreatedAt
            == backups.Where(backup => backup.IsGood).OrderBy(backup => backup.CreatedAt > Now).ThenByDescending(backup => backup.CreatedAt).First().CreatedAt
            && kept.Backup.IsGood));

    [Fact]
    public void Something_is_left_wherever_there_was_something() => Holds((backups, policy, zone) =>
        backups.Length == 0 || Plan(backups, policy, zone).Kept.Any());

    [Fact]
    public void A_pinned_backup_is_never_removed_and_a_pin_changes_nothing_for_the_others() => Holds((backups, policy, zone) =>
    {
        var without = Plan([.. backups.Select(backup => backup with { IsPinned = false })], policy, zone).Kept.Select(kept => kept.Backup.BackupId);
        var pinned = backups.Where(backup => backup.IsPinned).Select(backup => backup.BackupId);
        return Kept(backups, policy, zone).SetEquals(without.Union(pinned));
    });

    [Fact]
    public void Keeping_more_never_removes_more()
    {
        var more = Gen.Elements<Func<KeepPolicy, KeepPolicy>>(
            policy => policy with { Last = (policy.Last ?? 0) + 1 },
            policy => policy with { Hourly = (policy.Hourly ?? 0) + 1 },
            policy => policy with { Daily = (policy.Daily ?? 0) + 1 },
            policy => policy with { Weekly = (policy.Weekly ?? 0) + 1 },
            policy => policy with { Monthly = (policy.Monthly ?? 0) + 1 },
            policy => policy with { Yearly = (policy.Yearly ?? 0) + 1 },
            policy => policy with { Within = (policy.Within ?? TimeSpan.Zero) + TimeSpan.FromHours(5) });
        Prop.ForAll(
            Situations,
            more.ToArbitrary(),
            (situation, increase) => situation.Policy.KeepsEverything
                || Kept(situation.Backups, situation.Policy, situation.Zone)
                    .IsSubsetOf(Kept(situation.Backups, increase(situation.Policy), situation.Zone))).Check(Thorough);
    }

    [Fact]
    public void A_plan_carried_out_plans_nothing_more() => Holds((backups, policy, zone) =>
    {
        RetentionCandidate[] left = [.. Plan(backups, policy, zone).Kept.Select(kept => kept.Backup)];
        return !Plan(left, policy, zone).Removed.Any();
    });

    [Fact]
    public void The_order_of_the_input_has_no_meaning() => Holds((backups, policy, zone) =>
        Describe(Plan(backups, policy, zone)) == Describe(Plan([.. backups.Reverse()], policy, zone))
        && Describe(Plan(backups, policy, zone)) == Describe(Plan([.. backups.OrderBy(backup => backup.IsGood)], policy, zone)));

    [Fact]
    public void Every_decision_has_a_reason_and_every_backup_one_decision() => Holds((backups, policy, zone) =>
    {
        var plan = Plan(backups, policy, zone);
        return plan.Decisions.All(decision => decision.Reasons.Count > 0)
            && plan.Decisions.Select(decision => decision.Backup).ToHashSet().SetEquals(backups)
            && plan.Decisions.Count == backups.Length;
    });

    [Fact]
    public void Partial_backups_change_nothing_for_good_ones() => Holds((backups, policy, zone) =>
    {
        RetentionCandidate[] good = [.. backups.Where(backup => backup.IsGood)];
        return Plan(good, policy, zone).Decisions.Select(decision => (decision.Backup.BackupId, decision.Why, decision.Category))
            .SequenceEqual(Plan(backups, policy, zone).Decisions.Where(decision => decision.Backup.IsGood)
                .Select(decision => (decision.Backup.BackupId, decision.Why, decision.Category)));
    });

    [Fact]
    public void Time_that_passes_removes_nothing() => Holds((backups, policy, zone) =>
    {
        RetentionCandidate[] past = [.. backups.Where(backup => backup.CreatedAt <= Now)];
        return Describe(Plan(past, policy, zone)) == Describe(RetentionPlan.Compute(past, policy, zone, Now.AddYears(5)));
    });

    // The same answer by another way: group by the day, take the newest of each, take the newest groups.
    [Fact]
    public void Daily_of_good_backups_is_the_newest_of_each_of_the_newest_days() => Holds((backups, policy, zone) =>
    {
        RetentionCandidate[] good = [.. backups.Where(backup => backup.IsGood && backup.CreatedAt <= Now).Select(backup => backup with { IsPinned = false })];
        var days = (policy.Daily ?? 0) + 1;
        var expected = good.GroupBy(backup => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(backup.CreatedAt, zone).DateTime))
            .Select(day => day.OrderByDescending(backup => backup.CreatedAt).ThenBy(backup => backup.BackupId, StringComparer.Ordinal).First())
            .OrderByDescending(backup => backup.CreatedAt)
            .Take(days)
            .Select(backup => backup.BackupId);
        return Kept(good, new KeepPolicy { Daily = days }, zone).SetEquals(expected);
    });

    [Fact]
    public void A_negative_count_and_a_backup_listed_twice_are_refused()
    {
        var backup = new RetentionCandidate { BackupId = "a", Job = "journal", CreatedAt = Start, IsGood = true };

        Assert.Throws<ArgumentOutOfRangeException>(() => Plan([backup], new KeepPolicy { Daily = -1 }, TimeZoneInfo.Utc));
        Assert.Throws<ArgumentException>(() => Plan([backup, backup with { CreatedAt = Now }], new KeepPolicy { Daily = 1 }, TimeZoneInfo.Utc));
    }

    private static void Holds(Func<RetentionCandidate[], KeepPolicy, TimeZoneInfo, bool> property) =>
        Prop.ForAll(Situations, situation => property(situation.Backups, situation.Policy, situation.Zone)).Check(Thorough);

    private static RetentionPlan Plan(RetentionCandidate[] backups, KeepPolicy policy, TimeZoneInfo zone) =>
        RetentionPlan.Compute(backups, policy, zone, Now);

    private static HashSet<string> Kept(RetentionCandidate[] backups, KeepPolicy policy, TimeZoneInfo zone) =>
        [.. Plan(backups, policy, zone).Kept.Select(kept => kept.Backup.BackupId)];

    private static string Describe(RetentionPlan plan) =>
        string.Join('\n', plan.Decisions.Select(decision => $"{decision.Backup.BackupId} {decision.Keep} {decision.Category} {decision.Why}"));
}
