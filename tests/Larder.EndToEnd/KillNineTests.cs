using Larder.Repository;
using Larder.Testing;

namespace Larder.EndToEnd;

/// <summary>Processes killed at random moments: the repository stays clean and every earlier backup restores.</summary>
public sealed class KillNineTests
{
    // All of them in `make soak`; in `make test` a share that fits its time.
    private static readonly int Kills = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? 1000 : 80;

    [Fact]
    public Task Kill_nine_at_any_moment_of_backup_or_cleanup_costs_no_earlier_backup() => SeededRandom.RunAsync(async random =>
    {
        await using var installation = await Installation.CreateAsync();
        await installation.ChangeAsync(random, 400_000);
        var began = TimeProvider.System.GetTimestamp();
        await installation.BackUpAsync();
        var usual = TimeProvider.System.GetElapsedTime(began);
        using var inspection = await Inspection.OpenAsync(installation);
        var known = await inspection.ContentsAsync();
        var killed = 0;

        for (var round = 0; killed < Kills; round++)
        {
            await installation.ChangeAsync(random, 400_000);
            var isBackup = random.Next(3) > 0;
            string[] command = isBackup ? ["backup", "journal"] : ["cleanup", "journal"];
            var result = await installation.Larder.RunAndKillAsync(random, usual * 1.2, TimeProvider.System, command);
            killed += result.WasKilled ? 1 : 0;
            if (!result.WasKilled)
            {
                result.Expect();
            }

            // A whole backup or none; a snapshot more or one removed by retention, and no other content under an old id.
            await inspection.AssertCleanAsync();
            var found = await inspection.ContentsAsync();
            AssertUnharmed(known, found, isBackup);
            known = found;

            if (round % 4 == 3)
            {
                // Whatever was left behind does not keep the next from working, and not restic either.
                (await installation.Larder.RunAsync("backup", "journal")).Expect();
                (await installation.Larder.RunAsync("cleanup", "journal")).Expect();
                known = await inspection.ContentsAsync();
                // A file that was still being written when its writer was killed is no lock; it bars nobody and goes after a day.
                var locks = Directory.GetFiles(Path.Combine(installation.RepositoryFolder, "locks")).Select(Path.GetFileName);
                Assert.DoesNotContain(locks, name => !name!.Contains("-tmp-", StringComparison.Ordinal));
            }
            if (round % 20 == 19)
            {
                (await installation.Larder.RunAsync("unlock")).Expect();
                await installation.Restic(ResticBinary.All[0]).CheckReadDataAsync();
            }
        }
    });

    [Fact]
    public Task Two_backups_and_a_cleanup_at_once_leave_a_sound_repository() => SeededRandom.RunAsync(async random =>
    {
        await using var installation = await Installation.CreateAsync();
        using var inspection = await Inspection.OpenAsync(installation);
        for (var round = 0; round < (Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? 25 : 5); round++)
        {
            await installation.ChangeAsync(random, 1_000_000);
            await using var journal = installation.Larder.Start("--lock-wait", "60s", "backup", "journal");
            await using var other = installation.Larder.Start("--lock-wait", "60s", "backup", "other");
            await using var cleanup = installation.Larder.Start("--lock-wait", "60s", "cleanup");
            var results = await Task.WhenAll(journal.Completion, other.Completion, cleanup.Completion);

            Assert.All(results, result => result.Expect());
            await inspection.AssertCleanAsync();
            Assert.NotEmpty(await inspection.ContentsAsync());
        }
        await installation.Restic(ResticBinary.All[0]).CheckReadDataAsync();
    });

    private static void AssertUnharmed(
        IReadOnlyDictionary<SnapshotId, Hash256> before, IReadOnlyDictionary<SnapshotId, Hash256> after, bool isBackup)
    {
        Assert.All(before.Where(known => after.ContainsKey(known.Key)), known => Assert.Equal(known.Value, after[known.Key]));
        if (isBackup)
        {
            Assert.Equal(before.Count, before.Keys.Count(after.ContainsKey));
            Assert.InRange(after.Count, before.Count, before.Count + 1);
        }
        else
        {
            Assert.All(after.Keys, id => Assert.Contains(id, before.Keys));
            Assert.InRange(after.Count, Math.Min(before.Count, 3), before.Count);
        }
    }
}
