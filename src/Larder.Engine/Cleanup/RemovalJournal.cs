using Larder.Engine.Catalog;
using Larder.Repository;

namespace Larder.Engine.Cleanup;

/// <summary>
/// What Larder removed itself, kept as events of its runs: a backup that is gone without such an event was removed by somebody else.
/// </summary>
internal static class RemovalJournal
{
    private const string Beginning = "Removed backup ";
    private const int IdDigits = 64;

    public static void Note(RunJournal journal, CleanupLine line, string repository) =>
        journal.Append(
            EventLevel.Info, $"{Beginning}{line.BackupId} of job \"{line.Job}\" ({line.Timestamp}) from repository \"{repository}\".");

    /// <summary>The ids of all backups that runs of this catalog removed.</summary>
    public static IReadOnlySet<string> Read(CatalogDatabase catalog) => catalog
        .Runs(new RunFilter { Kind = RunKind.Cleanup, Limit = int.MaxValue }).Runs
        .SelectMany(run => catalog.Events(run.Id))
        .Select(happened => IdIn(happened.Message))
        .OfType<string>()
        .ToHashSet(StringComparer.Ordinal);

    private static string? IdIn(string message) =>
        message.StartsWith(Beginning, StringComparison.Ordinal)
        && message.Length >= Beginning.Length + IdDigits
        && Hash256.TryParse(message.AsSpan(Beginning.Length, IdDigits), out var id)
            ? id.ToString()
            : null;
}
