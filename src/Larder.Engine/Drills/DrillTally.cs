using Larder.Engine.Errors;
using Larder.Sources;

namespace Larder.Engine.Drills;

/// <summary>What a drill has found so far.</summary>
internal sealed class DrillTally(TimeProvider clock, ErrorContext about)
{
    public const string Restoring = "restore";
    public const string Comparing = "compare";

    public List<DrilledSource> Sources { get; } = [];

    public List<DrillStep> Steps { get; } = [];

    public List<DrilledEntry> Entries { get; } = [];

    public List<AssertionResult> Assertions { get; } = [];

    public List<DrillError> Errors { get; } = [];

    public List<string> Hints { get; } = [];

    /// <summary>Runs a step and notes how long it took, however it ends.</summary>
    public async Task<T> TimeAsync<T>(string source, string step, Func<Task<T>> act)
    {
        var began = clock.GetTimestamp();
        try
        {
            return await act();
        }
        finally
        {
            Steps.Add(new DrillStep(source, step, Math.Round(clock.GetElapsedTime(began).TotalSeconds, 3)));
        }
    }

    public Task TimeAsync(string source, string step, Func<Task> act) => TimeAsync(source, step, async () =>
    {
        await act();
        return true;
    });

    /// <summary>What was restored is not what was recorded, or cannot be restored at all.</summary>
    public void AddDamage(string source, string message) => Add(
        source,
        new LarderException(EngineError.VerificationFoundDamage, message)
        {
            Hint = $"do not rely on backup {about.Backup}; make a new one with \"larder backup {about.Job}\" and drill that, and run "
                + $"\"larder verify {about.Backup} --level data\" to learn whether its repository is damaged.",
        });

    public void Add(string? source, Exception exception) =>
        Errors.Add(DrillError.Of(ErrorTable.Describe(exception, about with { Source = source }), source));

    /// <summary>Adds what the restore could not do as it was, such as owners where the drill does not run as root.</summary>
    public void AddWarnings(string source, IReadOnlyList<SourceWarning> warnings)
    {
        const int shownMax = 3;
        Hints.AddRange(warnings.Take(shownMax).Select(
            warning => $"{source}: {(warning.Path.Length > 0 ? $"{warning.Path}: " : "")}{warning.Reason}"));
        if (warnings.Count > shownMax)
        {
            Hints.Add($"{source}: and {warnings.Count - shownMax} more of that kind.");
        }
    }

    /// <summary>Adds what was found of a source's entries, and an error where any of them differs.</summary>
    public void AddEntries(string source, IReadOnlyList<DrilledEntry> entries)
    {
        const int shownMax = 5;
        Entries.AddRange(entries);
        var different = entries.Where(entry => !entry.Match).ToList();
        if (different.Count > 0)
        {
            AddDamage(
                source,
                $"What was restored of source \"{source}\" is not what the backup recorded: "
                + string.Join("; ", different.Take(shownMax).Select(entry => entry.Difference))
                + $"{(different.Count > shownMax ? $"; and {different.Count - shownMax} more" : "")}.");
        }
    }

    /// <summary>Null where nothing was restored.</summary>
    public double? RtoSeconds => Steps.Where(step => step.Step is Restoring or Comparing).ToList() is { Count: > 0 } real
        ? Math.Round(real.Sum(step => step.Seconds), 3)
        : null;
}
