using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Engine.Sync;

/// <summary>Which collections are emptied after a good backup.</summary>
public sealed record PurgePlan
{
    /// <summary>What a caller says for everything that the job may purge.</summary>
    public const string All = "all";

    /// <summary>What a caller says for what the job always purges, as if nothing had been said.</summary>
    public const string Default = "default";

    /// <summary>The source that the collections are of.</summary>
    public required string Source { get; init; }

    /// <summary>As the configuration names them. Never empty.</summary>
    public required IReadOnlyList<string> Collections { get; init; }

    /// <summary><c>local</c>, and <c>remote</c> where the job syncs that source.</summary>
    public required IReadOnlyList<string> Sides { get; init; }

    /// <summary>Whether words ask for more than what is always purged, so that somebody must have meant it.</summary>
    public static bool AsksForMore(IReadOnlyList<string> wanted) => wanted.Any(word => word != Default);

    /// <summary>Null where nothing is emptied.</summary>
    /// <param name="job">Whose backup it is.</param>
    /// <param name="selected">Names of the sources that are backed up.</param>
    /// <param name="wanted"><see cref="All"/>, <see cref="Default"/> or names; empty for the default.</param>
    /// <exception cref="LarderException"><see cref="EngineError.UsageInvalid"/>: a name is not one that the job purges.</exception>
    public static PurgePlan? Of(JobSettings job, IReadOnlyCollection<string> selected, IReadOnlyList<string> wanted)
    {
        if (job.Purge is not { } settings)
        {
            return AsksForMore(wanted)
                ? throw Invalid(job, $"Job \"{job.Name}\" purges nothing.", $"say in jobs.{job.Name}.purge what may be purged.")
                : null;
        }
        if (!selected.Contains(settings.Source))
        {
            return AsksForMore(wanted)
                ? throw Invalid(
                    job,
                    $"Collections of source \"{settings.Source}\" cannot be purged when it is not backed up.",
                    $"leave out --only and --code-only, or back up \"{settings.Source}\" too.")
                : null;
        }
        var known = settings.Always.Union(settings.Confirm).ToList();
        if (wanted.FirstOrDefault(word => word is not (All or Default) && !known.Contains(word)) is { } stranger)
        {
            throw Invalid(
                job,
                $"Job \"{job.Name}\" does not purge a collection \"{Shown(stranger)}\".",
                $"what may be given: {string.Join(", ", known.Append(All).Append(Default))}.");
        }
        var names = wanted.Contains(All) ? known : [.. settings.Always.Union(wanted.Where(word => word != Default))];
        return names.Count == 0 ? null : new PurgePlan
        {
            Source = settings.Source,
            Collections = names,
            Sides = job.Sync?.Source == settings.Source ? [LocalSide, RemoteSide] : [LocalSide],
        };
    }

    internal const string LocalSide = "local";
    internal const string RemoteSide = "remote";

    private static string Shown(string word) => new([.. word.Take(100).Where(letter => !char.IsControl(letter))]);

    private static LarderException Invalid(JobSettings job, string message, string hint) =>
        new(EngineError.UsageInvalid, message) { Context = new ErrorContext { Job = job.Name }, Hint = hint };
}
