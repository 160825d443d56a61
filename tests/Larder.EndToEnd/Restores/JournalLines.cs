using System.Text.Json;

namespace Larder.EndToEnd.Restores;

/// <summary>What the journal of the newest restore says, also while somebody writes to it.</summary>
internal sealed class JournalLines
{
    private readonly List<JsonElement> lines;

    private JournalLines(string path, List<JsonElement> lines) => (Path, this.lines) = (path, lines);

    public string Path { get; }

    /// <summary>`Finished`, `Undone` or `RolledBack`; null where the last line says no end.</summary>
    public string? End => lines[^1].TryGetProperty("end", out var end) ? end.GetString() : null;

    /// <summary>How long it took from each line to the next; zero after the last.</summary>
    public IReadOnlyList<TimeSpan> Gaps => [.. lines.Zip(lines.Skip(1).Append(lines[^1]), (one, next) => At(next) - At(one))];

    public string? SafetyBackup => lines.Select(line => line.TryGetProperty("stage", out var stage) && stage.TryGetProperty("detail", out var detail)
        ? detail.GetString()
        : null).FirstOrDefault(detail => detail is not null);

    /// <summary>When the exchange began; null where it did not.</summary>
    public DateTimeOffset? ExchangeBegan => lines.Where(line => IsStage(line, "Exchange")).Select(line => (DateTimeOffset?)At(line)).FirstOrDefault();

    public bool HasBegun(string stage) => lines.Exists(line => IsStage(line, stage));

    /// <param name="state">The state directory.</param>
    /// <param name="known">Journals that are not meant.</param>
    /// <returns>Null where there is no other.</returns>
    public static JournalLines? ReadNewest(string state, IReadOnlySet<string> known) =>
        List(state).Where(path => !known.Contains(path)).Select(Read).SingleOrDefault();

    public static IEnumerable<string> List(string state)
    {
        var folder = System.IO.Path.Combine(state, "restores");
        return Directory.Exists(folder) ? Directory.GetFiles(folder, "*.jsonl") : [];
    }

    public static JournalLines Read(string path)
    {
        // Who writes to it holds it locked; a look that shares everything does not ask for the lock.
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var text = reader.ReadToEnd();
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        return new JournalLines(
            path, [.. whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))]);
    }

    private static DateTimeOffset At(JsonElement line) => line.GetProperty("at").GetDateTimeOffset();

    private static bool IsStage(JsonElement line, string name) =>
        line.TryGetProperty("stage", out var stage) && stage.GetProperty("stage").GetString() == name;
}
