using System.Diagnostics;
using System.Globalization;

namespace Larder.EndToEnd.Restores;

/// <summary>
/// The program restores in place and is killed at every line of its journal, and so are its recovery and the rollback, while somebody reads.
/// Afterwards all is as before or all as after, as the recovery says, and nothing is left over.
/// </summary>
internal sealed class KillCampaign(LiveData data, Random random)
{
    private const int LinesOfResume = 5;
    private const int LinesOfRollback = 2;

    private readonly Dictionary<string, int> ends = [];
    private string backup = "";
    private string before = "";
    private string after = "";
    private LiveReader reader = null!;

    public async Task RunAsync()
    {
        var began = Stopwatch.GetTimestamp();
        backup = (await data.Larder.JsonAsync("backup", "app")).GetProperty("backup_id").GetString()!;
        after = await data.FingerprintAsync();
        var afterParts = await data.LookAsync();
        await data.ChangeAsync();
        before = await data.FingerprintAsync();
        Assert.NotEqual(before, after);
        var gaps = await RestoreUndisturbedAsync();

        reader = new LiveReader(data, (await data.LookAsync())!, afterParts!);
        var points = KillPoint.Choose(gaps, random);
        try
        {
            foreach (var point in points)
            {
                await KillAsync(point);
            }
        }
        finally
        {
            await reader.EndAsync();
        }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{points.Count} kills at {gaps.Count} lines: {string.Join(", ", ends.Select(end => $"{end.Key} {end.Value}"))}; "
            + $"{reader.Looks} looks in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s"));
        Assert.True(ends.ContainsKey("Finished") && ends.ContainsKey("Undone"), "The kills hit one side only.");
    }

    /// <returns>How long it takes from each line of its journal to the next.</returns>
    private async Task<IReadOnlyList<TimeSpan>> RestoreUndisturbedAsync()
    {
        var known = JournalLines.List(data.State).ToHashSet();
        (await data.Larder.RunAsync("restore", backup, "--confirm")).Expect();
        var gaps = JournalLines.ReadNewest(data.State, known)!.Gaps;
        Assert.Equal(after, await data.FingerprintAsync());
        (await data.Larder.RunAsync("rollback", "--confirm")).Expect();
        Assert.Equal(before, await data.FingerprintAsync());
        return gaps;
    }

    private async Task KillAsync(KillPoint point)
    {
        var known = JournalLines.List(data.State).ToHashSet();
        var beside = await data.ListBesideAsync();
        var killed = await JournalKiller.RunAsync(data.Larder, point, "restore", backup, "--confirm");
        Assert.True(killed.WasKilled || point.Microseconds > 0, $"Nobody was killed at {point}: {killed}");
        var end = await RecoverAsync(point, known);
        ends[end ?? "not begun"] = ends.GetValueOrDefault(end ?? "not begun") + 1;
        if (end == "Finished")
        {
            await RollBackAsync(point, known);
        }
        Assert.Equal(before, await data.FingerprintAsync());
        Assert.True(data.IsServiceRunning, $"The service was left stopped after a kill at {point}.");
        // Undone, nothing of it is left; rolled back, what it had restored is kept.
        Assert.Equal(beside.Count + (end == "Finished" ? 1 : 0), (await data.ListBesideAsync()).Count);
        AssertNothingUnfinished(point);
        Assert.True(data.Leftovers.Count == 0, $"Left after a kill at {point} and the recovery: {string.Join(", ", data.Leftovers)}");
    }

    /// <returns>How the restore ended; null where it had not begun.</returns>
    private async Task<string?> RecoverAsync(KillPoint point, HashSet<string> known)
    {
        var isAgain = random.Next(2) == 0; // The recovery is killed, too.
        if (isAgain)
        {
            var resumed = await JournalKiller.RunAsync(data.Larder, KillPoint.Random(LinesOfResume, random), "restore", "--resume");
            Assert.True(resumed.WasKilled || resumed.ExitStatus == 0, $"{point}: {resumed}");
        }
        var said = (await data.Larder.JsonAsync("restore", "--resume")).EnumerateArray().ToList();
        var journal = JournalLines.ReadNewest(data.State, known);
        var live = await data.FingerprintAsync();
        var expected = journal?.End switch
        {
            "Finished" => after,
            "Undone" or null => before,
            _ => "a restore that has ended",
        };
        Assert.True(expected == live, $"Killed at {point}, it says {journal?.End ?? "nothing"}, and live is {Name(live)}: {live}");
        foreach (var one in said)
        {
            Assert.Equal(journal?.End, one.GetProperty("end").GetString()?.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
            Assert.Contains(journal?.End == "Finished" ? "finished" : "undone", one.GetProperty("what").GetString(), StringComparison.Ordinal);
        }
        reader.AssertWell();
        reader.AssertOutagesOnlySince(journal?.ExchangeBegan);
        return journal?.End;
    }

    private async Task RollBackAsync(KillPoint point, HashSet<string> known)
    {
        if (random.Next(2) == 0)
        {
            var killed = await JournalKiller.RunAsync(data.Larder, KillPoint.Random(LinesOfRollback, random), "rollback", "--confirm");
            Assert.True(killed.WasKilled || killed.ExitStatus == 0, $"{point}: {killed}");
            (await data.Larder.RunAsync("restore", "--resume")).Expect();
        }
        var journal = JournalLines.ReadNewest(data.State, known)!;
        if (journal.End == "Finished")
        {
            Assert.Equal(after, await data.FingerprintAsync());
            (await data.Larder.RunAsync("rollback", "--confirm")).Expect();
            journal = JournalLines.Read(journal.Path);
        }
        Assert.Equal("RolledBack", journal.End);
        reader.AssertOutagesOnlySince(journal.ExchangeBegan);
    }

    private void AssertNothingUnfinished(KillPoint point)
    {
        foreach (var path in JournalLines.List(data.State))
        {
            Assert.True(JournalLines.Read(path).End is not null, $"{path} was left open by a kill at {point}.");
        }
        Assert.DoesNotContain(
            Directory.GetFiles(Path.Combine(data.State, "restores")),
            path => !path.EndsWith(".jsonl", StringComparison.Ordinal) || Path.GetFileName(path)[0] == '.');
    }

    private string Name(string live) => live == before ? "what was before" : live == after ? "what was backed up" : "neither";
}
