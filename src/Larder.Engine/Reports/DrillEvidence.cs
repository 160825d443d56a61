using System.Text.Json;

namespace Larder.Engine.Reports;

/// <summary>Reads the evidence that drills leave in the state directory: <c>drills/RUN.json</c>, an object whose <c>evidence</c> is the
/// report.</summary>
internal static class DrillEvidence
{
    private const long BytesMax = 64 * 1024 * 1024;

    /// <summary>The newest drill of a job; null where there is none. Files that are no evidence are passed over.</summary>
    public static DrillProof? Newest(string stateDirectory, string job)
    {
        var folder = Path.Combine(stateDirectory, "drills");
        return Directory.Exists(folder)
            ? new DirectoryInfo(folder).EnumerateFiles("*.json")
                .Where(file => file.Length <= BytesMax)
                .OrderByDescending(file => file.Name, StringComparer.Ordinal) // Ids of runs begin with the time.
                .Select(file => Read(file.FullName, job))
                .FirstOrDefault(proof => proof is not null)
            : null;
    }

    private static DrillProof? Read(string path, string job)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var document = JsonDocument.Parse(stream);
            var evidence = document.RootElement.TryGetProperty("evidence", out var inner) ? inner : document.RootElement;
            return evidence.GetProperty("job").GetString() != job ? null : new DrillProof(
                evidence.GetProperty("run_id").GetString()!,
                evidence.GetProperty("status").GetString()!,
                evidence.GetProperty("finished_at").GetDateTimeOffset(),
                evidence.TryGetProperty("backup_id", out var backup) ? backup.GetString() : null,
                evidence.TryGetProperty("rto_seconds", out var rto) && rto.ValueKind == JsonValueKind.Number ? rto.GetDouble() : null,
                path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
