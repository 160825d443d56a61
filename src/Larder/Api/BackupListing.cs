using System.Security.Cryptography;
using System.Text;
using Larder.Engine;
using Larder.Repository;
using Larder.Repository.Storage;

namespace Larder.Api;

/// <summary>
/// The backups of all repositories, kept between calls. A snapshot never changes and is named by its hash, so while the names are the same
/// the list is the same; looking at the names costs one listing of a folder for each repository.
/// </summary>
internal sealed class BackupListing(TimeProvider clock) : IDisposable
{
    // What others did to the repositories is seen after this time; what this process did, at once.
    private static readonly TimeSpan Trusted = TimeSpan.FromSeconds(1);

    // Which slot a backup fills depends on the day.
    private static readonly TimeSpan CategoriesTrusted = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim reading = new(1);
    private Listed? last;
    private long changes;

    /// <summary>Has the next call look again, since something may have changed.</summary>
    public void Forget() => Interlocked.Increment(ref changes);

    /// <summary>Newest first, safety backups too.</summary>
    public async Task<IReadOnlyList<ListedBackup>> GetAsync(EngineContext engine, CancellationToken cancellationToken)
    {
        if (last is { } known && IsFresh(known, engine))
        {
            return known.Backups;
        }
        await reading.WaitAsync(cancellationToken);
        try
        {
            if (last is { } meanwhile && IsFresh(meanwhile, engine))
            {
                return meanwhile.Backups;
            }
            var (seenChanges, now) = (Interlocked.Read(ref changes), clock.GetUtcNow());
            var version = await VersionAsync(engine, cancellationToken);
            if (last is { } before && before.Version == version && ReferenceEquals(before.Engine, engine)
                && now - before.ReadAt < CategoriesTrusted)
            {
                last = before with { LookedAt = now, Changes = seenChanges };
                return last.Backups;
            }
            var backups = await engine.Library.ListAsync(null, cancellationToken);
            last = new Listed(engine, version, [.. backups.Select(ListedBackup.Of)], now, now, seenChanges);
            return last.Backups;
        }
        finally
        {
            reading.Release();
        }
    }

    public void Dispose() => reading.Dispose();

    private bool IsFresh(Listed known, EngineContext engine) => ReferenceEquals(known.Engine, engine)
        && known.Changes == Interlocked.Read(ref changes) && clock.GetUtcNow() - known.LookedAt < Trusted;

    private static async Task<string> VersionAsync(EngineContext engine, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in engine.Repositories.Names)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\n"));
            try
            {
                var repository = await engine.Repositories.OpenAsync(name, cancellationToken);
                var snapshots = new List<string>();
                await foreach (var file in repository.Storage.ListAsync(FileKind.Snapshot, cancellationToken))
                {
                    snapshots.Add(file.Key.Name.ToString()!);
                }
                snapshots.Sort(StringComparer.Ordinal);
                hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', snapshots)));
                repository.DropIndex(); // A backup made since has its manifest in a pack that the index of before does not know.
            }
            catch (RepositoryException e)
            {
                hash.AppendData(Encoding.UTF8.GetBytes(e.Message)); // The list says what is wrong with it, if it is the only one.
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed record Listed(
        EngineContext Engine,
        string Version,
        IReadOnlyList<ListedBackup> Backups,
        DateTimeOffset ReadAt,
        DateTimeOffset LookedAt,
        long Changes);
}
