using System.Text;
using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.BackingUp;
using Larder.Engine.Cleanup;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Schedule;
using Larder.Systemd;

namespace Larder.Cli.Commands;

/// <summary>`larder schedule`.</summary>
internal sealed class ScheduleCommand
{
    private static readonly string[] Kinds = [.. Enum.GetNames<Cadence>().Select(name => name.ToLowerInvariant())];

    private readonly Setting root = new(
        "--root", "DIR", "Use DIR/etc/systemd/system instead, and tell systemd nothing.", ValueKind.Path);

    private readonly Flag daemon = new("--daemon", "One service that runs `larder serve`, instead of timers.");
    private readonly Operand kind = new("KIND", "daily, weekly or monthly.", ValueKind.Text, 1, 1, Kinds);
    private readonly Settings only = new(
        "--only", "SOURCE", "Only the schedules for just these sources; may be repeated.");

    private readonly Operand jobs = new("JOB", "The jobs; all without one.", ValueKind.Job, 0, Operand.AnyNumber);

    public static LarderCommand Create() => CommandTree.Group(
        "schedule",
        "Have systemd run the jobs at their times.",
        new ScheduleCommand().Install(),
        new ScheduleCommand().Uninstall(),
        new ScheduleCommand().Status(),
        new ScheduleCommand().RunNow());

    private LarderCommand Install() => new("install", "Write systemd's units for the schedules, and start their timers.")
    {
        Options = { root, daemon },
        Run = InstallAsync,
        Details =
            """
            Each job gets a timer with a service for its daily, weekly and monthly schedules (one for each set of sources), and for its
            cleanup, verification and drill.
            Where no job has a schedule: databases at 02:00, everything on Sundays at 03:00, and everything with retention on the first at
            04:00. The services see the file system read-only but for repositories and state, and get files with secrets from systemd.
            It may be repeated: units that are as they should be are left alone, and those of jobs that are gone are removed.
            """,
        Examples =
        [
            new("larder schedule install", "timers, as root"),
            new("larder schedule install --daemon", "the service instead, with the HTTP interface"),
            new("larder schedule install --root /tmp/look", "look at the units first"),
        ],
        Statuses = [ExitStatus.Refused],
        Json = "An object: `folder`, `written`, `removed`, `unchanged` (arrays of names), `started` (whether systemd was told).",
    };

    private LarderCommand Uninstall() => new("uninstall", "Stop and remove the units that `install` wrote.")
    {
        Options = { root },
        Run = UninstallAsync,
        Examples = [new("larder schedule uninstall", "timers and service; no backup is touched")],
        Statuses = [ExitStatus.Refused],
        Json = "An object: `folder`, `removed` (array of names).",
    };

    private LarderCommand Status() => new("status", "Show what comes next, and whether systemd has the units for it.")
    {
        Options = { root },
        Run = StatusAsync,
        Examples = [new("larder schedule status", "what comes next")],
        Json = "An object: `folder`, `units` (array of `unit`, `state` (active, inactive or failed; null where systemd does not run), "
            + "`current`), `next` (array of `job`, `kind`, `cron`, `time_zone`, `only`, `due`).",
    };

    private LarderCommand RunNow() => new("run", "Run the daily, weekly or monthly backups of the jobs now.")
    {
        Arguments = { kind, jobs },
        Options = { only },
        Run = RunAsync,
        Details =
            """
            What the timers call: the backups of all schedules that come so often, one after the other, each with its sources and its
            retention; schedules for the same sources are one backup. Restricted days of the month make a schedule monthly, restricted days
            of the week weekly, everything else is daily. One that fails does not keep the others from running.
            """,
        Examples =
        [
            new("larder schedule run daily", "of every job"),
            new("larder schedule run monthly journal", "of one job"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "An array with an object for each backup, as `larder backup` prints it, and where one failed `job`, `status`, `error`.",
    };

    private async Task<ExitStatus> InstallAsync(Call call, CancellationToken cancellationToken)
    {
        var folder = new UnitFolder(call.ValueOf(root), call.World.Clock);
        var plan = PlanOf(call, call.Has(daemon));
        var ranBefore = await folder.StateOfAsync(UnitPlan.ServiceName, cancellationToken) == "active";
        var (written, removed) = await folder.InstallAsync(plan, cancellationToken);
        var unchanged = plan.Files.Select(unit => unit.Name).Except(written).ToList();
        call.Answer(
            () => JsonText.Of(new JsonObject
            {
                ["folder"] = folder.Location,
                ["written"] = JsonText.Array(written),
                ["removed"] = JsonText.Array(removed),
                ["unchanged"] = JsonText.Array(unchanged),
                ["started"] = folder.TellsSystemd,
            }),
            () => string.Join('\n', [
                .. written.Select(name => $"Wrote {name}."),
                .. removed.Select(name => $"Removed {name}."),
                $"{Show.Count(plan.Files.Count, "unit")} in {folder.Location}, {unchanged.Count} of them as they were."]));
        if (!folder.TellsSystemd)
        {
            call.Words.Say("systemd was not told: it does not run here, or the folder is not its own.");
        }
        else if (ranBefore && written.Contains(UnitPlan.ServiceName))
        {
            call.Words.Warn("The service goes on as it was begun; \"systemctl restart larder\" has it take up its new unit.");
        }
        return ExitStatus.Done;
    }

    private async Task<ExitStatus> UninstallAsync(Call call, CancellationToken cancellationToken)
    {
        var folder = new UnitFolder(call.ValueOf(root), call.World.Clock);
        var removed = await folder.UninstallAsync(cancellationToken);
        call.Answer(
            () => JsonText.Of(new JsonObject { ["folder"] = folder.Location, ["removed"] = JsonText.Array(removed) }),
            () => removed.Count == 0
                ? $"There is no unit of Larder in {folder.Location}."
                : string.Join('\n', removed.Select(name => $"Removed {name}.")));
        return ExitStatus.Done;
    }

    private async Task<ExitStatus> StatusAsync(Call call, CancellationToken cancellationToken)
    {
        var folder = new UnitFolder(call.ValueOf(root), call.World.Clock);
        var installed = folder.Installed();
        var expected = PlanOf(call, installed.Contains(UnitPlan.ServiceName)).Files;
        var units = new List<(string Name, string? State, bool Current)>();
        foreach (var name in installed)
        {
            var unit = expected.FirstOrDefault(one => one.Name == name);
            units.Add((name, await folder.StateOfAsync(name, cancellationToken), unit is not null && folder.IsCurrent(unit)));
        }
        var configuration = CadencePlan.WithSchedules(Sound(call));
        var next = Recurrence.AllOf(configuration)
            .Select(recurrence => (Recurrence: recurrence, Due: recurrence.NextAfter(call.World.Clock.GetUtcNow())))
            .OrderBy(each => each.Due ?? DateTimeOffset.MaxValue).ToList();
        call.Answer(
            () => JsonText.Of(new JsonObject
            {
                ["folder"] = folder.Location,
                ["units"] = new JsonArray([.. units.Select(unit => (JsonNode)new JsonObject
                {
                    ["unit"] = unit.Name, ["state"] = unit.State, ["current"] = unit.Current,
                })]),
                ["next"] = new JsonArray([.. next.Select(each => (JsonNode)ScheduleJson.Of(each.Recurrence, each.Due))]),
            }),
            () => Text(folder, units, next, call.OutInk));
        if (installed.Count > 0 && (expected.Any(unit => !folder.IsCurrent(unit)) || units.Exists(unit => !unit.Current)))
        {
            call.Words.Warn("The units do not fit the configuration any more; run \"larder schedule install\" again.");
        }
        return ExitStatus.Done;
    }

    private static string Text(
        UnitFolder folder,
        IReadOnlyList<(string Name, string? State, bool Current)> units,
        IReadOnlyList<(Recurrence Recurrence, DateTimeOffset? Due)> next,
        Ink ink)
    {
        var text = new StringBuilder();
        var table = new Table("DUE", "KIND", "JOB", "SOURCES", "SCHEDULE");
        foreach (var (recurrence, due) in next)
        {
            table.Add(
                due is { } moment ? Show.Moment(moment, recurrence.Zone) : "never",
                recurrence.Kind.ToString().ToLowerInvariant(),
                recurrence.Job,
                recurrence.Only.Count > 0 ? string.Join(", ", recurrence.Only) : "all",
                $"{recurrence.Cron} {recurrence.Zone.Id}");
        }
        text.Append(table.Render(ink)).Append('\n');
        if (units.Count == 0)
        {
            return text.Append($"No unit of Larder is in {folder.Location}; \"larder schedule install\" writes them.\n").ToString();
        }
        var installed = new Table("UNIT", "STATE", "AS CONFIGURED");
        foreach (var (name, state, current) in units)
        {
            installed.Add(name, state ?? "-", current ? "yes" : "NO");
        }
        return text.Append(installed.Render(ink)).ToString();
    }

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var engine = call.EngineWithCatalog with { Trigger = "schedule" };
        var cadence = Enum.Parse<Cadence>(call.ValueOf(kind)!, ignoreCase: true);
        var named = call.ValuesOf(jobs);
        var backups = CadencePlan.BackupsOf(
            engine.Configuration,
            named.Count > 0 ? named.Distinct().Select(engine.JobOf) : engine.Configuration.Jobs.Values,
            cadence,
            call.NamesOf(only));
        await Recovering.TryAsync(call, engine, cancellationToken);
        var (documents, status) = (new JsonArray(), ExitStatus.Done);
        foreach (var backup in backups)
        {
            var (document, ended) = await TryBackUpAsync(call, engine, backup, cancellationToken);
            documents.Add(document);
            status = status is ExitStatus.Done || (status is ExitStatus.Partial && ended is not ExitStatus.Done) ? ended : status;
        }
        if (call.IsJson)
        {
            call.Answer(documents);
        }
        return status;
    }

    private static async Task<(JsonNode Document, ExitStatus Status)> TryBackUpAsync(
        Call call, EngineContext engine, CadenceBackup backup, CancellationToken cancellationToken)
    {
        var job = backup.Request.Job;
        try
        {
            BackupResult result;
            var progress = new RunProgress();
            await using (call.Show(progress))
            {
                result = await new BackupRun(engine, backup.Request, progress).ExecuteAsync(cancellationToken);
            }
            if (!call.IsJson)
            {
                call.Print(BackupText.Page(result.Backup, engine.Library.ZoneOf(job), call.OutInk));
                if (BackupText.Besides(result) is { Length: > 0 } besides)
                {
                    call.Print(besides);
                }
            }
            foreach (var warning in result.Warnings)
            {
                call.Words.Warn(warning);
            }
            var status = backup.ThenCleanup ? await CleanUpAsync(call, engine, job, cancellationToken) : ExitStatus.Done;
            return (JsonNode.Parse(result.ToJson())!, status == ExitStatus.Done ? result.ExitStatus : status);
        }
        catch (Exception e) when (e is not OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            var report = ErrorTable.Describe(e, new ErrorContext { Job = job });
            call.Words.WriteLine($"Job \"{job}\": {report}");
            var document = new JsonObject
            {
                ["job"] = job, ["status"] = "failed", ["error"] = FailureReport.Document(report, [])["error"]!.DeepClone(),
            };
            return (document, report.ExitStatus);
        }
    }

    private static async Task<ExitStatus> CleanUpAsync(Call call, EngineContext engine, string job, CancellationToken cancellationToken)
    {
        var plan = await CleanupPlan.ComputeAsync(engine, job, cancellationToken);
        var report = await new CleanupRun(engine, plan, new RunProgress()).ExecuteAsync(cancellationToken);
        call.Words.Say(CleanupCommand.ReportText(report).TrimEnd());
        CleanupCommand.Hint(call, report.Hints);
        if (report.Error is { } error)
        {
            call.Words.WriteLine(error.ToString());
        }
        return report.ExitStatus;
    }

    private static LarderConfiguration Sound(Call call) =>
        call.Configuration.Configuration ?? throw new RefusedConfigurationException(call.Configuration);

    private static UnitPlan PlanOf(Call call, bool isDaemon) => UnitPlan.Compute(
        Sound(call),
        Environment.ProcessPath ?? "/usr/bin/larder",
        [.. call.Configuration.SecretFiles.Where(File.Exists)],
        call.World.Environment.WorkingDirectory,
        isDaemon);
}
