using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Engine.Restore.Transaction;
using Larder.Sources.Exchanges;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;

namespace Larder.Engine.Restore;

/// <summary>Computes a plan: looks into the backup and at what stands at the targets, and changes nothing.</summary>
internal sealed class RestorePlanner(EngineContext context, RestoreRequest asked, CancellationToken cancellationToken)
{
    private const int ServerExamplesMax = 10;

    private readonly List<RestoreLine> lines = [];
    private readonly List<RestoreRefusal> refusals = [];
    private readonly List<string> warnings = [];
    private RestoreRequest request = asked;

    public async Task<RestorePlan> ComputeAsync()
    {
        var backup = await ReadableBackup.OpenAsync(context, request.Backup, request.Repository, cancellationToken);
        request = request.Environment == EnvironmentGuard.Production
            && JobOf(backup)?.Environments.ContainsKey(EnvironmentGuard.Production) != true
            ? request with { Environment = null } // Where the job's own data is.
            : request;
        var runId = context.NewRunId();
        var target = new RestoreTarget(context, backup, runId, request, cancellationToken);
        var steps = NestedParts.Find([.. (await target.FindStepsAsync()).Select(step => WithExchange(step, runId))]);
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
        var service = request.IsBare ? null : ServiceOf(backup);
        var safety = request is { SkipsSafety: false, IsBare: false } ? SafetyBackup.Plan(context, backup, runId, steps) : null;
        return new RestorePlan
        {
            BackupId = backup.BackupId,
            ShortId = backup.ShortId,
            Job = backup.Backup?.Job,
            Timestamp = backup.Backup?.Timestamp ?? BackupTime.Timestamp(backup.Snapshot.Time, TimeZoneInfo.Local),
            Repository = backup.Place.Repository,
            Entry = request.Entry,
            Lines = lines,
            Stages = steps.Count == 0
                ? []
                : PlanStages.Describe(steps, service, safety, JobOf(backup)?.KeepSafety ?? SafetyBackup.KeptByDefault),
            EstimatedSeconds = PastRestores.Estimate(context, backup.Backup?.Job, lines.Sum(line => line.Bytes)),
            Refusals = refusals,
            Warnings = warnings,
            IsConfirmed = request.IsConfirmed,
            Context = context,
            Source = backup,
            Steps = steps,
            RunId = runId,
            Request = request,
            Safety = safety,
            Service = service,
        };
    }

    private JobSettings? JobOf(ReadableBackup backup) =>
        backup.Backup is { } known ? context.Configuration.Jobs.GetValueOrDefault(known.Job) : null;

    /// <summary>That of the place it goes to; another place than the job's own, named by --target, has none that is known.</summary>
    private ServiceSettings? ServiceOf(ReadableBackup backup) => request switch
    {
        { Target: not null } => null,
        { Environment: { } environment } => JobOf(backup)?.Environments.GetValueOrDefault(environment)?.Service,
        _ => JobOf(backup)?.Service,
    };

    /// <summary>A server's plan has its own already.</summary>
    private RestoreStep WithExchange(RestoreStep step, string runId)
    {
        if (request.Overwrites || step is ServerStep)
        {
            return step;
        }
        var token = ExchangeNames.TokenOf(runId);
        switch (step)
        {
            case FileStep { IsDatabase: true } database:
                return SqliteExchange.WhyNot(database.Target) is { } reason
                    ? Overwriting(database, $"{reason}, so {database.Target} is written over in one transaction.")
                    : database with { Exchange = SqliteExchange.Plan(database.Target, token) };
            case FileStep file:
                return TreeExchange.WhyNot(file.Target) is { } why
                    ? Overwriting(file, $"{why}, so {file.Target} is written over.")
                    : file with { Exchange = TreeExchange.Plan([(file.Target, false)], token, "command") };
            default:
                var tree = (TreeStep)step;
                var exchange = TreePlaces.Plan(tree, token, out var whyNot);
                return whyNot is null
                    ? tree with { Exchange = exchange }
                    : Overwriting(tree, $"{whyNot}, so {tree.Root} is written over file by file, each of them whole; until that is done "
                        + "readers see some old and some new.");
        }
    }

    private RestoreStep Overwriting(RestoreStep step, string why)
    {
        warnings.Add(why);
        return step;
    }

    private RestoreLine LookAtFile(FileStep step)
    {
        var stands = File.Exists(step.Target);
        var users = step.IsDatabase ? SqliteUsers.Find(step.Target) : [];
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
            NeededBytes = step.Overwrites ? survey.NeededBytes : survey.Bytes,
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
        if (MajorVersion.IsNewer(step.Source.Recorded?.EngineVersion, plan.ServerVersion))
        {
            refusals.Add(new RestoreRefusal(
                step.Source.Name,
                $"Source \"{step.Source.Name}\" was dumped from a server of version {step.Source.Recorded!.EngineVersion}, and "
                + $"{plan.Target} is {plan.ServerVersion}: an older server does not understand all that a newer one writes. Restore to a "
                + "server that is not older."));
        }
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
