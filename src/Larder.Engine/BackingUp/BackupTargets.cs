using Larder.Engine.Backups;
using Larder.Engine.Configuration;
using Larder.Repository;

namespace Larder.Engine.BackingUp;

/// <summary>
/// The repositories of one backup: those that can be written, and why the others cannot. One that fails does not cost the others their
/// backup.
/// </summary>
internal sealed class BackupTargets : IAsyncDisposable
{
    private readonly List<(string Name, RepositoryWriter Writer)> open = [];
    private readonly List<ManifestRepository> failed = [];

    private BackupTargets()
    {
    }

    public IReadOnlyList<RepositoryWriter> Writers => [.. open.Select(target => target.Writer)];

    public RepositoryWriter First => open[0].Writer;

    /// <summary>Those that are still being written to, by name.</summary>
    public IEnumerable<(string Name, RepositoryWriter Writer)> Sound => open.Where(target => target.Writer.Failure is null);

    /// <summary>Every repository of the job, with the reason where it is not written.</summary>
    public IReadOnlyList<ManifestRepository> States =>
    [
        .. open.Select(target => new ManifestRepository(target.Name, target.Writer.Failure?.Message)),
        .. failed,
    ];

    /// <exception cref="RepositoryException">The first failure, where no repository can be written.</exception>
    public static async Task<BackupTargets> OpenAsync(EngineContext context, JobSettings job, CancellationToken cancellationToken)
    {
        var targets = new BackupTargets();
        RepositoryException? failure = null;
        foreach (var name in job.To)
        {
            try
            {
                var repository = await context.Repositories.OpenAsync(name, cancellationToken);
                targets.open.Add((name, await RepositoryWriter.BeginAsync(repository, cancellationToken)));
            }
            catch (RepositoryException e)
            {
                failure ??= e;
                targets.failed.Add(new ManifestRepository(name, e.Message));
            }
            catch
            {
                await targets.DisposeAsync();
                throw;
            }
        }
        if (targets.open.Count == 0)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure!);
        }
        return targets;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, writer) in open)
        {
            await writer.DisposeAsync();
        }
    }
}
