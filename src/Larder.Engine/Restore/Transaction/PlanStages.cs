using Larder.Engine.Configuration;
using Larder.Sources.Exchanges;

namespace Larder.Engine.Restore.Transaction;

/// <summary>Says what a restore will do, in the order in which it does it.</summary>
internal static class PlanStages
{
    public static IReadOnlyList<string> Describe(
        IReadOnlyList<RestoreStep> steps, ServiceSettings? service, SafetyBackup? safety, TimeSpan keepSafety)
    {
        var exchanged = steps.Where(step => step.Exchange is not null).ToList();
        var overwritten = steps.Where(step => step.Overwrites).ToList();
        var kept = exchanged.Any(step => step.Exchange!.Parts.Any(part => part.Old is not null));
        var stages = new List<string>();
        if (safety is not null)
        {
            stages.Add($"What stands there now is backed up: {string.Join(", ", safety.Sources)}.");
        }
        if (service?.StopLine is not null)
        {
            stages.Add("The service is stopped.");
        }
        stages.AddRange(exchanged.Select(step => $"{Name(step)} is written beside {step.Exchange!.Target} and compared with the backup."));
        stages.AddRange(steps.Where(step => step.Nested is not null)
            .Select(step => $"{Name(step)} is written into what takes the place of {step.Nested!.Live}, and compared with the backup."));
        stages.AddRange(overwritten.Select(step => $"{Name(step)} is written over what stands there."));
        stages.AddRange(exchanged.Select(step => $"{Name(step)} takes its place, {How(step.Exchange!)}."));
        if (service?.StartLine is not null)
        {
            stages.Add("The service is started.");
        }
        if (service?.Healthy is not null)
        {
            stages.Add($"The service is asked whether it works, for up to {DurationText.Format(service.HealthyWithin)}.");
        }
        stages.Add("If anything fails, what stands there now is put back.");
        if (kept)
        {
            stages.Add($"What was replaced is kept for {DurationText.Format(keepSafety)}; until then \"larder rollback\" puts it back.");
        }
        return stages;
    }

    private static string How(ExchangeRecord exchange) => exchange switch
    {
        { IsAtomic: true } => "in one moment",
        { Engine: "mysql" } => "all tables in one moment: around it, for a moment, there are no views, triggers, routines and events",
        _ => "one by one: until all are done, readers may see old ones beside new ones, or one missing for a moment",
    };

    private static string Name(RestoreStep step) => $"Source \"{step.Source.Name}\"";
}
