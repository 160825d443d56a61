using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.Drills;

/// <summary>What `larder drill` says of one backup or of several.</summary>
public sealed record DrillSummary
{
    /// <summary><c>success</c> where every drill is one; otherwise <c>failed</c>.</summary>
    public string Status => Drills.Count > 0 && Drills.All(drill => drill.Report.Status == "success") ? "success" : "failed";

    /// <summary>All together, one after the other; null where nothing was restored.</summary>
    public double? RtoSeconds => Drills.Any(drill => drill.Report.RtoSeconds is not null)
        ? Math.Round(Drills.Sum(drill => drill.Report.RtoSeconds ?? 0), 3)
        : null;

    public IEnumerable<DrilledEntry> Entries => Drills.SelectMany(drill => drill.Report.Entries);

    public IEnumerable<AssertionResult> Assertions => Drills.SelectMany(drill => drill.Report.Assertions);

    /// <summary>One for each backup.</summary>
    public required IReadOnlyList<FinishedDrill> Drills { get; init; }

    [JsonIgnore]
    public ExitStatus ExitStatus
    {
        get
        {
            var all = Drills.Select(drill => drill.Report.ExitStatus).Where(status => status != ExitStatus.Done).ToList();
            return all.Count == 0 ? ExitStatus.Done : all.Contains(ExitStatus.Damage) ? ExitStatus.Damage : all[0];
        }
    }

    public string ToJson() => DrillJson.Write(this);
}

/// <param name="Report">What was found.</param>
/// <param name="Evidence">The file that says so and is signed; null where it could not be written, or there was nothing to sign.</param>
/// <param name="Tagged">The repositories in which the verdict was noted.</param>
public sealed record FinishedDrill(DrillReport Report, string? Evidence, IReadOnlyList<string> Tagged);
