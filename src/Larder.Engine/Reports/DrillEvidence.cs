using Larder.Engine.Drills;
using Larder.Engine.Errors;

namespace Larder.Engine.Reports;

/// <summary>Reads the signed evidence that drills leave in the state directory.</summary>
internal static class DrillEvidence
{
    /// <summary>The newest drill of a job; null where there is none. What is not genuine proves nothing, and is passed over.</summary>
    public static DrillProof? Newest(string stateDirectory, string job)
    {
        var folder = Path.Combine(stateDirectory, "drills");
        return Directory.Exists(folder)
            ? Directory.GetFiles(folder, "*.json")
                .OrderByDescending(path => path, StringComparer.Ordinal) // Ids of runs begin with the time.
                .Select(path => Read(stateDirectory, path, job))
                .FirstOrDefault(proof => proof is not null)
            : null;
    }

    private static DrillProof? Read(string stateDirectory, string path, string job)
    {
        try
        {
            var evidence = Evidence.Check(stateDirectory, path);
            return evidence.Job != job
                ? null
                : new DrillProof(evidence.RunId, evidence.Status, evidence.FinishedAt, evidence.BackupId, evidence.RtoSeconds, path);
        }
        catch (Exception e) when (e is LarderException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
