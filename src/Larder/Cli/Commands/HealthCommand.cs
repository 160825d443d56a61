using System.Globalization;
using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring;

namespace Larder.Cli.Commands;

/// <summary>`larder health`.</summary>
internal sealed class HealthCommand
{
    private readonly Flag brief = new("--brief", "One line.");
    private readonly Flag watch = new("--watch", "Look again and again, and tell people what is not well.");
    private readonly Setting interval = new(
        "--interval", "DURATION", "With --watch: how long between two looks, such as 30 (seconds) or 5m.");
    private readonly Flag notify = new("--notify", "Tell people what is not well, as the alerts of the configuration say.");
    private readonly Setting report = new(
        "--report", "PATH", "Also write the report as JSON: to a file, or into a folder under a name with the time.", ValueKind.Path);

    public static LarderCommand Create() => new HealthCommand().Build();

    private LarderCommand Build() => new("health", "Look whether all is well: backups, repositories, disks, databases, the scheduler.")
    {
        Options = { brief, watch, interval, notify, report },
        Run = RunAsync,
        Details =
            """
            Looks at each job: is the newest good backup young enough and as large as usual, did what was due begin, how did the last
            run, verification and drill end, does each source answer? Then at repositories and their disks, at what runs the
            schedules, and at the channels of alerts. It changes nothing. Levels are OK, WARNING, ERROR and CRITICAL; it fails
            from ERROR on. Without --watch and --notify nobody is told.
            """,
        Examples =
        [
            new("larder health", "every check, with what to do"),
            new("larder health --brief || mail -s backups admin@example.com", "one line, for a watchdog on another clock"),
            new("larder health --watch --interval 5m", "look every five minutes, and alert"),
            new("larder health --report /var/lib/larder/health/", "keep the report as a file"),
        ],
        Statuses = [ExitStatus.Failed, ExitStatus.Damage],
        Json = "An object: `level` (info, warning, error, critical), `checked_at`, `host`, `checks` (array of `check`, `subject`, `event`, "
            + "`level`, `job`, `title`, `message`, `hint`, `run_id`). With --watch one after the other.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var every = Interval(call);
        var run = call.Composition.Alerts.Health(call.EngineWithCatalog, call.Has(notify) || call.Has(watch));
        while (true)
        {
            var found = await run.ExecuteAsync(cancellationToken);
            Show(call, found);
            if (!call.Has(watch))
            {
                return found.ExitStatus;
            }
            await Task.Delay(every, call.World.Clock, cancellationToken);
        }
    }

    private void Show(Call call, HealthReport found)
    {
        if (call.ValueOf(report) is { } path)
        {
            var file = HealthReportFile.Write(path, found, call.World.Clock);
            call.Words.Say($"The report is {file}.");
        }
        var ink = call.OutInk;
        call.Answer(found.ToJson, () => call.Has(brief)
            ? HealthText.Brief(found)
            : HealthText.Full(found, (level, text) => level switch
            {
                AlertLevel.Info => ink.Green(text),
                AlertLevel.Warning => ink.Yellow(text),
                _ => ink.Red(text),
            }));
    }

    private TimeSpan Interval(Call call)
    {
        var byDefault = Thresholds.Of(call.Composition.Context.Configuration.Monitor).CheckInterval;
        return call.ValueOf(interval) switch
        {
            null => byDefault,
            _ when !call.Has(watch) => throw new LarderException(EngineError.UsageInvalid, "--interval means something with --watch only."),
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 =>
                TimeSpan.FromSeconds(seconds),
            var text when DurationText.TryParse(text, out var duration) && duration > TimeSpan.Zero => duration,
            var text => throw new LarderException(
                EngineError.UsageInvalid, $"--interval takes a number of seconds or a duration such as 5m, and not \"{text}\"."),
        };
    }
}
