using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.Exchanges;

namespace Larder.Engine.Restore.Transaction;

/// <summary>
/// A backup of what a restore is about to replace, in the repository that is read. It bears the tag <see cref="BackupTags.Safety"/>, fills
/// no slot, is never `latest`, and is removed by `cleanup` when <see cref="JobSettings.KeepSafety"/> is over.
/// </summary>
internal sealed class SafetyBackup
{
    /// <summary>Where no job says otherwise.</summary>
    public static readonly TimeSpan KeptByDefault = TimeSpan.FromDays(7);

    private readonly EngineContext context;
    private readonly JobSettings job;

    private SafetyBackup(EngineContext context, JobSettings job) => (this.context, this.job) = (context, job);

    /// <summary>Null where nothing stands at the targets.</summary>
    public static SafetyBackup? Plan(EngineContext context, ReadableBackup backup, string runId, IReadOnlyList<RestoreStep> steps)
    {
        var configured = backup.Backup is { } known ? context.Configuration.Jobs.GetValueOrDefault(known.Job) : null;
        var sources = steps.GroupBy(step => step.Source.Name)
            .Select(group => SourceOf([.. group], configured))
            .OfType<SourceSettings>()
            .ToList();
        var own = configured ?? new JobSettings { Name = backup.Backup?.Job ?? "restore", Sources = [], To = [backup.Place.Repository] };
        return sources.Count == 0 ? null : new SafetyBackup(context, own with
        {
            Sources = sources,
            To = [backup.Place.Repository],
            Description = $"What stood there before backup {backup.ShortId} was restored (run {runId})",
            Tags = [],
            Hooks = new HookSettings(),
            Timeout = null,
        });
    }

    /// <summary>The names of the sources that are saved.</summary>
    public IReadOnlyList<string> Sources => [.. job.Sources.Select(source => source.Name)];

    /// <summary>
    /// Makes it. Fails as a backup does; also where it would be partial and nothing else leads back.
    /// </summary>
    /// <returns>Its id; null where the targets turn out to be empty.</returns>
    public async Task<string?> TakeAsync(bool mayBePartial, RunProgress progress, CancellationToken cancellationToken)
    {
        try
        {
            var result = await RunAsync(job, progress, cancellationToken);
            return result.IsPartial && !mayBePartial
                ? throw new LarderException(
                    EngineError.PrerequisiteFailed,
                    $"The safety backup {result.Backup.ShortId} is partial, and without exchange it would be the only way back: "
                    + string.Join(" ", result.Warnings.Take(3)))
                : result.Backup.BackupId;
        }
        catch (LarderException e) when (e.Error == EngineError.NothingToBackUp)
        {
            return null;
        }
        catch (SourceException e) when (e.Error == SourceError.Damaged && job.Sources.Any(source => source is SqliteSourceSettings))
        {
            // What is damaged is what a restore is for. Its bytes are saved as they are.
            context.Warn($"{e.Message} Its files are saved as they are.");
            return (await RunAsync(job with { Sources = [.. job.Sources.Select(AsFiles)] }, progress, cancellationToken)).Backup.BackupId;
        }
    }

    /// <summary>Writes what the safety backup has of one part over what stands there, for parts that were not exchanged.</summary>
    public static async Task PutBackAsync(EngineContext context, JournaledRestore restore, RestorePart part, RunProgress progress)
    {
        if (restore.SafetyBackup is not { } id)
        {
            return; // Nothing stood there.
        }
        var folder = new RestoreFolder(context.Configuration.StateDirectory);
        var plan = await RestorePlan.ComputeAsync(
            context,
            new RestoreRequest
            {
                Backup = id,
                Only = [part.Source],
                Target = part.Address.Kind switch
                {
                    AddressKind.Url => await folder.ReadUrlAsync(restore.Record.RunId, CancellationToken.None),
                    AddressKind.Path when part.Engine == "sqlite" => part.Target,
                    _ => null, // Files go back to the absolute paths that the safety backup has.
                },
                Environment = part.Address.Environment,
                Overwrites = true,
                IsBare = true,
                IsConfirmed = true,
            },
            CancellationToken.None);
        await RestoreRun.ExecuteAsync(plan, progress, CancellationToken.None);
    }

    private Task<BackupResult> RunAsync(JobSettings what, RunProgress progress, CancellationToken cancellationToken)
    {
        var request = new BackupRequest { Job = what.Name, AcceptEmpty = true, Tags = [BackupTags.Safety] };
        return new BackupRun(context, what, request, progress).ExecuteInsideAsync(cancellationToken);
    }

    private static SourceSettings? SourceOf(IReadOnlyList<RestoreStep> steps, JobSettings? configured)
    {
        var name = steps[0].Source.Name;
        switch (steps[0])
        {
            case FileStep { IsDatabase: true } database when File.Exists(database.Target):
                return new SqliteSourceSettings { Name = name, Path = LivePath.Resolve(database.Target) };
            case FileStep { IsDatabase: false } file when File.Exists(file.Target):
                return new FilesSourceSettings { Name = name, Paths = [file.Target] };
            case TreeStep:
                var standing = steps.OfType<TreeStep>().SelectMany(TreePlaces.Standing).ToList();
                var own = configured?.Sources.FirstOrDefault(source => source.Name == name) as FilesSourceSettings;
                return standing.Count == 0 ? null : new FilesSourceSettings { Name = name, Paths = standing, Exclude = own?.Exclude ?? [] };
            case ServerStep server:
                return server.Saved is { } settings ? settings with { Name = name } : null;
            default:
                return null;
        }
    }

    private static SourceSettings AsFiles(SourceSettings source) => source is SqliteSourceSettings { Path: var path }
        ? new FilesSourceSettings
        {
            Name = source.Name,
            Paths = [.. new[] { path, path + "-wal", path + "-journal" }.Where(File.Exists)],
        }
        : source;
}
