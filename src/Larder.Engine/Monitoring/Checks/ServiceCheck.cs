namespace Larder.Engine.Monitoring.Checks;

/// <summary>Lives what should run the schedules?</summary>
internal static class ServiceCheck
{
    // One beat may be late: the machine was asleep, or a disk hung.
    private const int BeatsMissedMax = 3;

    public static IEnumerable<Condition> Of(MonitorFacts facts)
    {
        if (facts.Jobs.All(job => job.Job.Schedule.Count == 0))
        {
            yield break; // Everything runs by hand, or by somebody else's clock.
        }
        var condition = new Condition
        {
            Check = "service",
            Subject = "scheduler",
            Event = AlertEvent.Health,
            Level = AlertLevel.Info,
            Title = "the scheduler",
            Message = "",
        };
        const string Hint = "Start it: \"systemctl start larder\" where it is a service of systemd, otherwise \"larder serve\".";
        if (facts.Service.Heartbeat is { } beat)
        {
            var silence = facts.At - beat.At;
            var isSilent = silence > BeatsMissedMax * beat.Interval;
            yield return !facts.Service.IsDead && !isSilent
                ? condition with { Message = $"The daemon on {beat.Process.Host} lives." }
                : condition with
                {
                    Level = AlertLevel.Error,
                    Title = "the scheduler is gone",
                    Message = facts.Service.IsDead
                        ? $"The daemon (process {beat.Process.Pid} on {beat.Process.Host}) ended without a word, "
                            + $"{SpanText.Of(silence)} ago at most. What is scheduled does not run."
                        : $"The daemon on {beat.Process.Host} gave no sign of life for {SpanText.Of(silence)}. "
                            + "What is scheduled may not run.",
                    Hint = Hint,
                };
        }
        else if (facts.Service.Timers is { } timers)
        {
            yield return timers.Count > 0
                ? condition with { Message = $"Timers of systemd are active: {string.Join(", ", timers)}." }
                : condition with
                {
                    Level = AlertLevel.Warning,
                    Title = "nothing runs the schedules",
                    Message = "Jobs have schedules, and neither a daemon nor a timer of systemd is there to run them.",
                    Hint = Hint,
                };
        }
    }
}
