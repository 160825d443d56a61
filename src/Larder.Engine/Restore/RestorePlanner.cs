using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Sources.Sqlite;

namespace Larder.Engine.Restore;

/// <summary>Computes a plan: looks into the backup and at what stands at the targets, and changes nothing.</summary>
internal sealed class RestorePlanner(EngineContext context, RestoreRequest request, CancellationToken cancellationToken)
{
    private const int ServerExamplesMax = 10;

    private readonly List<RestoreLine> lines = [];
    private readonly List<RestoreRefusal> refusals = [];
    private readonly List<string> warnings = [];

    public async Task<RestorePlan> ComputeAsync()
    {
        var backup = await ReadableBackup.OpenAsync(context, request.Backup, request.Repository, cancellationToken);
        var target = new RestoreTarget(context, backup, request, cancellationToken);
        var steps = await target.FindStepsAsync();
        refusals.AddRange(target.Refusals);
        foreach (var step in steps)
        {
            var line = step switch
            {
                FileStep file => LookAtFile(file),
                TreeStep tree => await LookAtTreeAsync(backup, tree),
                ServerStep server => LookAtServer(server),
                _ => throw new InvalidOperationException($"There is no plan for a {step.GetType().Name}."),
            };
            lines.Add(line);
        }
        if (backup.Backup is { Status: BackupStatus.Partial })
        {
            warnings.Add($"Backup {backup.ShortId} is partial: something was left out when it was made.");
        }
        if (steps.OfType<ServerStep>().FirstOrDefault(step => (step.Source.Recorded?.Entries ?? []).All(entry => entry.Fingerprint is null))
            is { } bare)
        {
            warnings.Add($"The manifest has no fingerprints of {bare.Source.Name}, so what is restored cannot be compared.");
        }
        return new RestorePlan
        {
            BackupId = backup.BackupId,
            ShortId = backup.ShortId,
            Job = backup.Backup?.Job,
            Timestamp = backup.Backup?.Timestamp ?? BackupTime.Timestamp(backup.Snapshot.Time, TimeZoneInfo.Local),
            Repository = backup.Place.Repository,
            Entry = request.Entry,
            Lines = lines,
            Refusals = refusals,
            Warnings = warnings,
            IsConfirmed = request.IsConfirmed,
            Context = context,
            Source = backup,
            Steps = steps,
        };
    }

    private RestoreLine LookAtFile(FileStep step)
    {
        var stands = File.Exists(step.Target);
        var users = step.IsDatabase ? SqliteRestore.FindUsers(step.Target) : [];
        if (users.Count > 0)
        {
            warnings.Add($"{step.Target} is in use by {string.Join(", ", users)}; while it is, it will not be replaced.");
        }
        if (step.IsDatabase && !step.Recorded.Any(facts => facts.Fingerprint is not null))
        {
            warnings.Add($"The manifest has no fingerprints of {step.Source.Name}, so what is restored can be checked but not compared.");
        }
        var line = new RestoreLine
        {
            Source = step.Source.Name,
            Engine = step.Source.Engine,
            Target = step.Target,
            InPlace = request is { Target: null, Environment: null },
            Files = 1,
            Folders = 0,
            Bytes = (long)step.File.SizeBytes,
            Overwritten = stands ? 1 : 0,
            OverwrittenExamples = stands ? [step.Target] : [],
            LeftAlone = 0,
            NeededBytes = (long)step.File.SizeBytes,
            FreeBytes = FreeBytes(step.Target),
        };
        if (line.FreeBytes < line.NeededBytes)
        {
            refusals.Add(new RestoreRefusal(
                step.Source.Name,
                $"{step.Target} is written beside what stands there and needs {line.NeededBytes} bytes; its disk has {line.FreeBytes} "
                + "free."));
        }
        return line;
    }

    private async Task<RestoreLine> LookAtTreeAsync(ReadableBackup backup, TreeStep step)
    {
        var survey = new TreeSurvey(backup, step.Root, cancellationToken);
        await survey.LookAsync(step);
        if (File.Exists(step.Root))
        {
            refusals.Add(new RestoreRefusal(step.Source.Name, $"{step.Root} is a file, and a folder is to be filled there."));
        }
        refusals.AddRange(survey.Conflicts.Take(10).Select(reason => new RestoreRefusal(step.Source.Name, reason)));
        var line = new RestoreLine
        {
            Source = step.Source.Name,
            Engine = step.Source.Engine,
            Target = step is { Starts: [{ IsFolderAlone: false } only], IsWholeListing: false }
                ? $"{step.Root.TrimEnd('/')}/{only.Node.Name.ToQuoted()}"
                : step.Root,
            InPlace = request is { Target: null, Environment: null },
            Files = survey.Files,
            Folders = survey.Folders,
            Bytes = survey.Bytes,
            Overwritten = survey.Overwritten,
            OverwrittenExamples = survey.Examples,
            LeftAlone = survey.LeftAlone,
            NeededBytes = survey.NeededBytes,
            FreeBytes = FreeBytes(step.Root),
        };
        if (line.FreeBytes < line.NeededBytes)
        {
            // Not a refusal: files with holes take less than their length.
            warnings.Add($"{step.Root} needs up to {line.NeededBytes} bytes, and its disk has {line.FreeBytes} free.");
        }
        return line;
    }

    private RestoreLine LookAtServer(ServerStep step)
    {
        var plan = step.Plan;
        refusals.AddRange(plan.Refusals.Select(reason => new RestoreRefusal(step.Source.Name, reason)));
        return new RestoreLine
        {
            Source = step.Source.Name,
            Engine = step.Source.Engine,
            Target = plan.Target,
            InPlace = request is { Target: null, Environment: null },
            Files = 0,
            Folders = 0,
            Bytes = plan.Bytes,
            Overwritten = plan.Replaced.Count,
            OverwrittenExamples = [.. plan.Replaced.Take(ServerExamplesMax)],
            LeftAlone = 0,
            NeededBytes = 0, // It is written on the server's disk, of which nothing is known here.
            Steps = plan.Steps,
            Replaced = plan.Replaced,
        };
    }

    private static long? FreeBytes(string path)
    {
        var standing = path;
        while (!Directory.Exists(standing) && Path.GetDirectoryName(standing) is { } parent)
        {
            standing = parent;
        }
        try
        {
            return new DriveInfo(standing).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
