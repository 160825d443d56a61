namespace Larder.Engine.Backups;

/// <summary>
/// The tags by which stock restic shows what a snapshot is. A tag survives the loss of the catalog, and restic keeps it when it rewrites
/// a
/// snapshot, while fields that it does not know are dropped.
/// </summary>
public static class BackupTags
{
    public const string Larder = "larder";
    public const string Partial = "partial";

    /// <summary>Retention never removes it. Set and taken away after the fact, which rewrites the snapshot.</summary>
    public const string Pinned = "pinned";

    /// <summary>Made before a restore, of what it was to replace. Fills no slot, is never `latest`, goes after its time.</summary>
    public const string Safety = "safety";

    private const string JobPrefix = "job:";
    private const string DrillPrefix = "drill:";

    public static string OfJob(string job) => JobPrefix + job;

    /// <summary>The job of a snapshot, or null where it is not Larder's.</summary>
    public static string? JobOf(IReadOnlyList<string> tags) =>
        tags.Contains(Larder) ? tags.FirstOrDefault(tag => tag.StartsWith(JobPrefix, StringComparison.Ordinal))?[JobPrefix.Length..] : null;

    /// <summary>The verdict of the last drill. It is set after the fact, as <see cref="Pinned"/> is.</summary>
    public static string OfDrill(DrillVerdict verdict) => DrillPrefix + verdict.ToString().ToLowerInvariant();

    /// <summary>The verdict that tags hold; null where there is none. Whoever says that it failed is believed.</summary>
    public static DrillVerdict? DrillOf(IEnumerable<string> tags) => tags
        .Where(tag => tag.StartsWith(DrillPrefix, StringComparison.Ordinal))
        .Select(tag => tag == OfDrill(DrillVerdict.Success) ? DrillVerdict.Success : (DrillVerdict?)DrillVerdict.Failed)
        .Max();

    /// <summary>The same tags with another verdict.</summary>
    public static IReadOnlyList<string> WithDrill(IEnumerable<string> tags, DrillVerdict verdict) =>
        [.. tags.Where(tag => !tag.StartsWith(DrillPrefix, StringComparison.Ordinal)), OfDrill(verdict)];

    /// <summary>Whether a user may not give this tag: it would change what Larder reads out of the snapshot.</summary>
    public static bool IsReserved(string tag) => tag is Larder or Partial or Pinned or Safety
        || tag.StartsWith(JobPrefix, StringComparison.Ordinal) || tag.StartsWith(DrillPrefix, StringComparison.Ordinal);

    /// <summary>All tags of a snapshot, without repeats. A tag must not hold a comma: restic's command line parts them there.</summary>
    public static IReadOnlyList<string> Of(string job, BackupStatus status, bool pinned, IEnumerable<string> own) =>
    [
        .. new[] { Larder, OfJob(job) }
            .Concat(status == BackupStatus.Partial ? [Partial] : [])
            .Concat(pinned ? [Pinned] : [])
            .Concat(own)
            .Distinct(StringComparer.Ordinal),
    ];
}
