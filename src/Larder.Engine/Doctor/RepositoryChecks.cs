using System.Globalization;
using Larder.Engine.Backups;
using Larder.Engine.Configuration;
using Larder.Engine.Maintenance;
using Larder.Repository.Storage;

namespace Larder.Engine.Doctor;

/// <summary>One repository: can it be opened, is there room, was something left behind?</summary>
internal sealed class RepositoryChecks(EngineContext context, string name)
{
    // As the monitoring warns by default.
    private const double UsedShareMax = 0.85;

    // A clock that is off by less is not worth a word.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>What was found, and the backups in it; none where it cannot be opened.</summary>
    public async Task<(IReadOnlyList<DoctorCheck> Checks, IReadOnlyList<Backup> Backups)> ExecuteAsync(CancellationToken cancellationToken)
    {
        var checks = new List<DoctorCheck>();
        IReadOnlyList<Backup> backups = [];
        try
        {
            // Asked before it is opened: a full disk explains much of what follows.
            checks.AddRange(Disk(context.Repositories.SettingsOf(name)));
            var repository = await context.Repositories.OpenAsync(name, cancellationToken);
            repository.DropIndex();
            backups = await context.Library.ListAsync(name, cancellationToken);
            checks.Add(Check(DoctorStatus.Ok, $"The repository at {repository.Location} opens; it holds {backups.Count} backups."));
            checks.AddRange(await LeftBehindAsync(repository, cancellationToken));
            checks.AddRange(Future(backups));
        }
        catch (Exception e) when (RepositoryFailure.Is(e))
        {
            var error = RepositoryFailure.Describe(name, e);
            checks.Add(Check(DoctorStatus.Problem, $"{error.Code} {error.Message}", error.Hint));
        }
        return (checks, backups);
    }

    private IEnumerable<DoctorCheck> Disk(RepositorySettings settings)
    {
        if (settings.Location is not LocalLocation local || !Directory.Exists(local.Path))
        {
            yield break;
        }
        var drive = new DriveInfo(local.Path);
        var usedShare = 1 - (drive.AvailableFreeSpace / (double)Math.Max(1, drive.TotalSize));
        var share = usedShare.ToString("P0", CultureInfo.InvariantCulture);
        yield return usedShare <= UsedShareMax
            ? Check(DoctorStatus.Ok, $"The disk of {local.Path} is {share} full, {ByteSize.Format(drive.AvailableFreeSpace)} are free.")
            : Check(
                DoctorStatus.Warning,
                $"The disk of {local.Path} is {share} full, only {ByteSize.Format(drive.AvailableFreeSpace)} are free.",
                "\"larder cleanup --dry-run\" shows what retention would free.");
    }

    private async Task<IReadOnlyList<DoctorCheck>> LeftBehindAsync(Repository.Repository repository, CancellationToken cancellationToken)
    {
        var checks = new List<DoctorCheck>();
        var locks = await CountAsync(repository.Storage.ListAsync(FileKind.Lock, cancellationToken), _ => true);
        if (locks > 0)
        {
            checks.Add(Check(
                DoctorStatus.Warning,
                $"{locks} locks are held: another process is at work, or was killed.",
                $"If nothing is at work, \"larder unlock --repository {name}\" removes what was left behind."));
        }
        var index = await repository.LoadIndexAsync(cancellationToken);
        var orphans = await CountAsync(
            repository.Storage.ListAsync(FileKind.Pack, cancellationToken),
            file => !index.ContainsPack(new Larder.Repository.PackId(file.Key.Name)));
        if (orphans > 0 && locks == 0)
        {
            checks.Add(Check(
                DoctorStatus.Warning,
                $"{orphans} packs are in no index: an interrupted backup left them, or index files are lost.",
                $"\"larder cleanup\" removes what is not needed; if \"larder verify --repository {name}\" misses blobs, rebuild the index "
                + "first."));
        }
        return checks;
    }

    private IEnumerable<DoctorCheck> Future(IReadOnlyList<Backup> backups)
    {
        var now = context.Clock.GetUtcNow();
        var future = backups.Where(backup => backup.CreatedAt > now + ClockTolerance).ToList();
        if (future.Count > 0)
        {
            yield return Check(
                DoctorStatus.Problem,
                $"{future.Count} backups are dated in the future, such as {future[0].ShortId} ({future[0].Timestamp}).",
                "Check the clock of this machine and of the one that made them; retention keeps such backups and does not count them.");
        }
    }

    private static async Task<int> CountAsync(IAsyncEnumerable<StoredFile> files, Func<StoredFile, bool> counts)
    {
        var count = 0;
        await foreach (var file in files)
        {
            count += counts(file) ? 1 : 0;
        }
        return count;
    }

    private DoctorCheck Check(DoctorStatus status, string message, string? advice = null) =>
        new() { Area = "repository", Subject = name, Status = status, Message = message, Advice = advice };
}
