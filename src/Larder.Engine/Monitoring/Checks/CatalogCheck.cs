namespace Larder.Engine.Monitoring.Checks;

/// <summary>Can what Larder does be noted? Backups go on without, but what was missed is then found out late or never.</summary>
internal static class CatalogCheck
{
    public static Condition Of(MonitorFacts facts)
    {
        var condition = new Condition
        {
            Check = "catalog",
            Subject = "catalog",
            Event = AlertEvent.Health,
            Level = AlertLevel.Info,
            Title = "the catalog",
            Message = "The catalog can be written.",
        };
        return facts.CatalogFailure is not { } failure
            ? condition
            : condition with
            {
                Level = AlertLevel.Error,
                Title = "the catalog cannot be used",
                Message = $"{failure} Backups go on, but no run is noted, and users cannot log in.",
                Hint = "Check the folder of the catalog: is its disk full, may this user write there?",
            };
    }
}
