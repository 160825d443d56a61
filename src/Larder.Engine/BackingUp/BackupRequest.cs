using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Sync;

namespace Larder.Engine.BackingUp;

/// <summary>What somebody asked to back up.</summary>
public sealed record BackupRequest
{
    public required string Job { get; init; }

    /// <summary>Names of sources; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Databases alone.</summary>
    public bool DatabasesOnly { get; init; }

    /// <summary>All that is not a database.</summary>
    public bool CodeOnly { get; init; }

    /// <summary>Take a database that is empty, or was emptied since the last good backup, for what was meant.</summary>
    public bool AcceptEmpty { get; init; }

    /// <summary>
    /// What is emptied after a good backup besides what the job always empties: names, <see cref="PurgePlan.All"/>, or
    /// <see cref="PurgePlan.Default"/> and an empty list for nothing more.
    /// </summary>
    public IReadOnlyList<string> Purge { get; init; } = [];

    /// <summary>Null takes the job's.</summary>
    public string? Description { get; init; }

    /// <summary>Added to the job's.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Which collections are emptied afterwards; null for none.</summary>
    /// <exception cref="LarderException">As <see cref="SelectFrom"/>; <see cref="EngineError.UsageInvalid"/> where a name is not one that
    /// the job purges.</exception>
    public PurgePlan? PurgeFrom(JobSettings job) => PurgePlan.Of(job, [.. SelectFrom(job).Select(source => source.Name)], Purge);

    /// <summary>The sources that are meant, in the order of the configuration.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownSource"/>, <see cref="EngineError.NothingToBackUp"/>.</exception>
    public IReadOnlyList<SourceSettings> SelectFrom(JobSettings job)
    {
        if (Only.FirstOrDefault(name => job.Sources.All(source => source.Name != name)) is { } unknown)
        {
            throw new LarderException(
                EngineError.UnknownSource,
                $"Job \"{job.Name}\" has no source \"{unknown}\"; it has {string.Join(", ", job.Sources.Select(source => source.Name))}.");
        }

        List<SourceSettings> selected =
        [
            .. job.Sources.Where(source =>
                (Only.Count == 0 || Only.Contains(source.Name))
                && (!DatabasesOnly || source.IsDatabase)
                && (!CodeOnly || !source.IsDatabase)),
        ];
        return selected.Count > 0
            ? selected
            : throw new LarderException(EngineError.NothingToBackUp, $"Nothing of job \"{job.Name}\" is selected.")
            {
                Context = new ErrorContext { Job = job.Name },
            };
    }
}
