using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Schedule;

namespace Larder.Systemd;

/// <summary>The units that a configuration asks for: computed, and not written yet.</summary>
internal sealed record UnitPlan
{
    // By default, as far as a service may wait for the slowest of its children after it was asked to end.
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DelayByDefault = TimeSpan.FromMinutes(1);

    // The service says that it lives three times in this; it begins to be silent when the scheduler has not looked for 2.5 minutes.
    private static readonly TimeSpan WatchdogTime = TimeSpan.FromMinutes(3);

    /// <summary>The unit of the service that runs always.</summary>
    public const string ServiceName = "larder.service";

    public required IReadOnlyList<UnitFile> Files { get; init; }

    /// <param name="configuration">Sound.</param>
    /// <param name="program">The path of Larder.</param>
    /// <param name="secretFiles">Files that the configuration names for secrets, which systemd hands to the service.</param>
    /// <param name="workingDirectory">Where it runs without a configuration file, so that `.env` is found.</param>
    /// <param name="isDaemon">One service instead of timers.</param>
    public static UnitPlan Compute(
        LarderConfiguration configuration, string program, IReadOnlyList<string> secretFiles, string workingDirectory, bool isDaemon)
    {
        var writer = new Writer(configuration, program, secretFiles, workingDirectory);
        return new UnitPlan
        {
            Files = isDaemon
                ? [writer.Daemon()]
                : [.. Timed.AllOf(configuration).SelectMany(timed => new[] { writer.Service(timed), writer.Timer(timed) })],
        };
    }

    /// <summary>What one timer is for.</summary>
    /// <param name="Job">The job.</param>
    /// <param name="What"><c>daily</c>, <c>weekly</c>, <c>monthly</c>, <c>cleanup</c>, <c>verify</c> or <c>drill</c>.</param>
    /// <param name="Number">Where the job's schedules of this kind back up different sources, each has a timer of its own; from 1.</param>
    /// <param name="Only">The sources, where that is so; else empty: the schedules say.</param>
    /// <param name="Recurrences">When; at least one.</param>
    internal sealed record Timed(
        JobSettings Job, string What, int Number, IReadOnlyList<string> Only, IReadOnlyList<Recurrence> Recurrences)
    {
        public string Unit => $"larder-{Job.Name}-{What}{(Number > 1 ? $"-{Number}" : "")}";

        public static IEnumerable<Timed> AllOf(LarderConfiguration configuration) =>
            Recurrence.AllOf(CadencePlan.WithSchedules(configuration))
                .GroupBy(recurrence => (recurrence.Job, What: WhatOf(recurrence)))
                .SelectMany(group => Split(configuration.Jobs[group.Key.Job], group.Key.What, group));

        /// <summary>A timer of several schedules runs them all each time, so each set of sources has one.</summary>
        private static IEnumerable<Timed> Split(JobSettings job, string what, IEnumerable<Recurrence> recurrences)
        {
            var sets = recurrences.GroupBy(recurrence => string.Join(',', recurrence.Only)).ToList();
            return sets.Select((set, index) => new Timed(
                job, what, index + 1, sets.Count > 1 ? [.. CadencePlan.SourcesOf(job, set.First().Only)] : [], [.. set]));
        }

        private static string WhatOf(Recurrence recurrence)
        {
            var what = recurrence.Kind == RunKind.Backup ? CadencePlan.Of(recurrence.Cron).ToString() : recurrence.Kind.ToString();
            return what.ToLowerInvariant();
        }
    }

    private sealed class Writer(
        LarderConfiguration configuration, string program, IReadOnlyList<string> secretFiles, string workingDirectory)
    {
        public UnitFile Daemon() => File(ServiceName, [
            "[Unit]",
            "Description=Larder: backups on schedule",
            "Wants=network-online.target",
            "After=network-online.target local-fs.target time-sync.target",
            "",
            "[Service]",
            "Type=notify",
            $"ExecStart={Command("serve")}",
            "ExecReload=kill -HUP $MAINPID",
            "TimeoutStartSec=infinity", // A start puts right what a killed restore left; to kill that would leave more.
            $"WatchdogSec={Seconds(WatchdogTime)}",
            "WatchdogSignal=SIGKILL", // It stands still and hears no other; what waits and runs is in the catalog.
            "Restart=on-failure",
            "RestartSec=10s",
            $"TimeoutStopSec={Seconds(configuration.Serve.StopWait + StopMargin)}",
            "KillMode=mixed",
            .. Common(new Hardening { Jobs = [.. configuration.Jobs.Values], Restores = true, Drills = true }),
            "",
            "[Install]",
            "WantedBy=multi-user.target"]);

        public UnitFile Service(Timed timed) => File($"{timed.Unit}.service", [
            "[Unit]",
            $"Description=Larder: {timed.What} of job {timed.Job.Name}",
            "Wants=network-online.target",
            "After=network-online.target local-fs.target",
            "",
            "[Service]",
            "Type=oneshot",
            $"ExecStart={CommandOf(timed)}",
            "SuccessExitStatus=3", // Something was left out: that is in the report, and the backup stands.
            "Nice=10",
            "IOSchedulingClass=best-effort",
            "IOSchedulingPriority=7",
            .. Common(new Hardening { Jobs = [timed.Job], Restores = false, Drills = timed.What == "drill" })]);

        public UnitFile Timer(Timed timed) => File($"{timed.Unit}.timer", [
            "[Unit]",
            $"Description=Larder: {timed.What} of job {timed.Job.Name}",
            "",
            "[Timer]",
            .. timed.Recurrences.SelectMany(recurrence => CalendarText.Of(recurrence.Cron, recurrence.Zone)).Distinct()
                .Select(line => $"OnCalendar={line}"),
            "Persistent=true",
            $"RandomizedDelaySec={Seconds(timed.Job.Jitter > TimeSpan.Zero ? timed.Job.Jitter : DelayByDefault)}",
            "",
            "[Install]",
            "WantedBy=timers.target"]);

        private string CommandOf(Timed timed) => timed.What switch
        {
            "cleanup" or "drill" => Command(timed.What, timed.Job.Name),
            "verify" => Command(
                [
                    "verify", timed.Job.Name, "--level", timed.Job.Verify!.Level,
                    .. timed.Job.Verify.Subset is { } subset && timed.Job.Verify.Level != "structure" ? new[] { "--subset", subset } : [],
                ]),
            _ => Command(["schedule", "run", timed.What, timed.Job.Name, .. timed.Only.SelectMany(name => new[] { "--only", name })]),
        };

        private string Command(params IReadOnlyList<string> words)
        {
            string[] where = configuration.File is { } file ? ["--config", file] : [];
            return string.Join(' ', where.Prepend(program).Concat(words).Select(Quoting.Word));
        }

        private IEnumerable<string> Common(Hardening hardening)
        {
            if (configuration.File is null)
            {
                yield return $"WorkingDirectory={Quoting.Path(workingDirectory)}";
            }
            yield return $"Environment={Quoting.Word($"XDG_STATE_HOME={Path.GetDirectoryName(configuration.StateDirectory)}")}";
            // What is not there cannot be made writable; so it is made before, outside of the sandbox.
            var kept = new[] { configuration.StateDirectory, Path.GetDirectoryName(configuration.CatalogPath)! }.Distinct();
            yield return $"ExecStartPre=+mkdir -p -m 0700 -- {string.Join(' ', kept.Select(Quoting.Word))}";
            foreach (var file in secretFiles)
            {
                yield return $"LoadCredential={CredentialFiles.NameOf(file)}:{Quoting.Path(file)}";
            }
            foreach (var line in hardening.Lines(configuration))
            {
                yield return line;
            }
        }

        private static UnitFile File(string name, IReadOnlyList<string> lines) =>
            new(name, string.Join('\n', [UnitFile.Mark, .. lines]) + "\n");

        private static string Seconds(TimeSpan span) => $"{Math.Ceiling(span.TotalSeconds):0}s";
    }
}
