using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Sync;

namespace Larder.Cli.Output;

/// <summary>A backup as people see it: a line of `list`, or the page of `backup` and `show`.</summary>
internal static class BackupText
{
    public static string Table(IReadOnlyList<Backup> backups, bool withSizes, Ink ink)
    {
        string[] sizes = withSizes ? [">SIZE", ">ADDED"] : [];
        string[] headings = ["ID", "TIMESTAMP", "JOB", "STATUS", "CATEGORY", "REPOSITORIES", .. sizes, "DESCRIPTION"];
        var table = new Table(headings);
        foreach (var backup in backups)
        {
            table.AddPainted(
                3,
                ink.Status,
                [
                    backup.ShortId,
                    backup.Timestamp,
                    backup.Job,
                    StatusOf(backup),
                    CategoryOf(backup) + (backup.Pinned ? " (pinned)" : "") + DrillOf(backup),
                    string.Join(", ", backup.Repositories),
                    .. withSizes ? new[] { Show.Bytes(backup.SizeBytes), Show.Bytes(backup.AddedBytes) } : [],
                    Remark(backup),
                ]);
        }
        return table.Render(ink);
    }

    public static string Page(Backup backup, TimeZoneInfo zone, Ink ink)
    {
        var facts = new Table("", "");
        facts.AddPainted(1, ink.Bold, "backup", backup.BackupId);
        facts.Add("timestamp", backup.Timestamp);
        facts.Add("created", $"{Show.Moment(backup.CreatedAt, zone)} ({zone.Id}){(backup.CreatedBy is { } by ? $" by {by}" : "")}");
        facts.Add("job", backup.Job);
        facts.AddPainted(1, ink.Status, "status", StatusOf(backup));
        AddKnown("category", backup.Category is null ? null : CategoryOf(backup));
        AddKnown("pinned", backup.Pinned ? "yes" : null);
        AddKnown("drill", backup.Drill switch
        {
            null => null,
            DrillVerdict.Success => "success: it was restored, compared and found equal",
            _ => "failed: the last drill of it found damage or a failed assertion",
        });
        AddKnown("description", backup.Description);
        AddKnown("tags", backup.Tags.Count > 0 ? string.Join(", ", backup.Tags) : null);
        facts.Add("size", $"{Show.Bytes(backup.SizeBytes)}, added {Show.Bytes(backup.AddedBytes)}");
        facts.Add("took", Show.Seconds(backup.DurationSeconds));
        AddKnown("git", backup.GitCommit is null ? null : $"{backup.GitCommit}{(backup.GitBranch is { } branch ? $" ({branch})" : "")}");
        facts.Add("repositories", string.Join(", ", backup.Repositories));

        var sources = new Table("SOURCE", "ENGINE", ">ENTRIES", ">ROWS", "DATABASE");
        foreach (var source in backup.Sources)
        {
            var database = source.DatabaseHost is { } host ? $"{source.DatabaseName} on {host}" : source.DatabaseName;
            sources.Add(
                source.Name, source.Engine, Show.Number(source.Entries), source.Rows is { } rows ? Show.Number(rows) : "-", database);
        }
        return facts.Render(ink) + (sources.Rows > 0 ? "\n" + sources.Render(ink) : "");

        void AddKnown(string name, string? value)
        {
            if (value is { Length: > 0 })
            {
                facts.Add(name, value);
            }
        }
    }

    /// <summary>What the run of a backup did besides: the sync before it, the purge after it. Empty where it did neither.</summary>
    public static string Besides(BackupResult result)
    {
        var lines = result.Sync is { } sync ? [$"Sync of local and remote: {SyncReport.Word(sync)}.\n"] : new List<string>();
        lines.AddRange((result.Purged ?? []).Select(one =>
            $"Purged {one.Collection} ({one.Side}): {Show.Count(one.Deleted, "document")} deleted"
            + $"{(one.Kept is { } kept ? $", {Show.Number(kept)} kept" : "")}.\n"));
        return string.Concat(lines);
    }

    public static string StatusOf(Backup backup) => backup.Status.ToString().ToLowerInvariant();

    private static string CategoryOf(Backup backup) => backup.Category?.ToString().ToLowerInvariant() ?? "-";

    private static string DrillOf(Backup backup) => backup.Drill switch
    {
        null => "",
        DrillVerdict.Success => " (drilled)",
        _ => " (drill failed)",
    };

    private static string Remark(Backup backup) =>
        string.Join(
            " ",
            new[] { backup.Description, backup.Tags.Count > 0 ? $"[{string.Join(", ", backup.Tags)}]" : null }
                .Where(text => text is not null));
}
