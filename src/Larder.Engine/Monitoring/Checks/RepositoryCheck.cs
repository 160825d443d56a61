namespace Larder.Engine.Monitoring.Checks;

/// <summary>Can the repositories be read?</summary>
internal static class RepositoryCheck
{
    public static IEnumerable<Condition> Of(IReadOnlyList<RepositoryFacts> repositories)
    {
        var isAny = repositories.Any(repository => repository.Failure is null);
        return repositories.Select(repository => new Condition
        {
            Check = "repository",
            Subject = repository.Name,
            Event = AlertEvent.Health,

            // With no other one to restore from, nothing can be restored at all.
            Level = repository.Failure is null ? AlertLevel.Info : isAny ? AlertLevel.Error : AlertLevel.Critical,
            Title = repository.Failure is null ? $"repository {repository.Name}" : $"repository {repository.Name} cannot be read",
            Message = repository.Failure ?? $"Repository \"{repository.Name}\" can be read and holds {repository.Backups} backups.",
            Hint = repository.Failure is null ? null : repository.Hint,
        });
    }
}
