namespace Larder.Engine.Monitoring.Checks;

/// <summary>Do the sources answer?</summary>
internal static class ConnectionCheck
{
    public static IEnumerable<Condition> Of(JobFacts facts) => facts.Probes.Select(probe => new Condition
    {
        Check = "connection",
        Subject = $"{facts.Job.Name}/{probe.Source}",
        Job = facts.Job.Name,
        Event = AlertEvent.Health,
        Level = probe.Failure is null ? AlertLevel.Info : probe.IsServer ? AlertLevel.Critical : AlertLevel.Error,
        Title = (probe.Failure, probe.IsServer) switch
        {
            (null, _) => $"{facts.Job.Name}: {probe.Source} answers",
            (_, true) => $"{facts.Job.Name}: the database {probe.Source} does not answer",
            _ => $"{facts.Job.Name}: {probe.Source} cannot be read",
        },
        Message = probe.Failure ?? $"The {probe.Engine} source \"{probe.Source}\" of job \"{facts.Job.Name}\" answers.",
        Hint = probe.Failure is null ? null : probe.Hint,
    });
}
