using Larder.Engine.Backups;

namespace Larder.Engine.Maintenance;

/// <summary>
/// What there is in every repository that can be read, and which cannot. One that is out of reach hides nothing of the others.
/// </summary>
internal sealed record BackupSurvey
{
    /// <summary>By repository, in the order of the configuration; newest first, with the places in that repository alone.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<Backup>> ByRepository { get; init; }

    /// <summary>Joined over the repositories that could be read: newest first, each backup once.</summary>
    public required IReadOnlyList<Backup> Backups { get; init; }

    public required IReadOnlyList<RepositoryFailure> Unreadable { get; init; }

    public static async Task<BackupSurvey> ReadAsync(
        EngineContext context, IEnumerable<string> repositories, CancellationToken cancellationToken)
    {
        var found = new OrderedDictionary<string, IReadOnlyList<Backup>>();
        var unreadable = new List<RepositoryFailure>();
        foreach (var name in repositories.ToList())
        {
            try
            {
                var repository = await context.Repositories.OpenAsync(name, cancellationToken);
                repository.DropIndex(); // Another process may have written or pruned since it was read.
                found.Add(name, await context.Library.ListAsync(name, cancellationToken));
            }
            catch (Exception e) when (RepositoryFailure.Is(e))
            {
                unreadable.Add(RepositoryFailure.Of(name, e));
            }
        }
        return new BackupSurvey { ByRepository = found, Backups = Join(found.Values), Unreadable = unreadable };
    }

    /// <summary>Whether a backup can be trusted to be whole: without its manifest nobody knows what belongs to it.</summary>
    public static bool IsGood(Backup backup) => backup.Status == BackupStatus.Success && HasManifest(backup);

    public static bool HasManifest(Backup backup) => backup.Warnings.All(warning => warning.Path != ManifestJson.FileName);

    private static IReadOnlyList<Backup> Join(IEnumerable<IReadOnlyList<Backup>> lists) =>
    [
        .. lists.SelectMany(list => list)
            .GroupBy(backup => backup.BackupId, StringComparer.Ordinal)
            .Select(copies => copies.OrderByDescending(HasManifest).First() with
            {
                Places = [.. copies.SelectMany(copy => copy.Places)],
                Pinned = copies.Any(copy => copy.Pinned),
                Drill = copies.Max(copy => copy.Drill),
                Status = copies.Any(copy => copy.Status == BackupStatus.Partial) ? BackupStatus.Partial : BackupStatus.Success,
            })
            .OrderByDescending(backup => backup.CreatedAt)
            .ThenBy(backup => backup.BackupId, StringComparer.Ordinal),
    ];
}
