using System.Security.Cryptography;
using System.Text;
using Larder.Engine;
using Larder.Engine.Configuration;
using Larder.Repository;
using Larder.Repository.Storage;

namespace Larder.Api;

/// <summary>
/// The backups of all repositories, kept between calls. A snapshot never changes and is named by its hash, so while the names are the same
/// the list is the same; looking at the names costs one listing of a folder for each repository.
/// </summary>
internal sealed class BackupListing(TimeProvider clock) : IDisposable
{
    // What other processes did to the repositories is looked for after this time, and nobody waits for it.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    // Older than this the list is not shown before somebody has looked.
    private static readonly TimeSpan Shown = TimeSpan.FromSeconds(10);

    // Which slot a backup fills depends on the day.
    private static readonly TimeSpan CategoriesTrusted = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim reading = new(1);
    private volatile Listed? last;
    private int looking;

    /// <summary>Newest first, safety backups too. What this process did is in it.</summary>
    public async Task<IReadOnlyList<ListedBackup>> GetAsync(EngineContext engine, CancellationToken cancellationToken)
    {
        if (last is { } known && ReferenceEquals(known.Configuration, engine.Configuration))
        {
            var age = clock.GetUtcNow() - known.LookedAt;
            if (age > Fresh && age <= Shown && Interlocked.Exchange(ref looking, 1) == 0)
            {
                _ = LookBesideAsync(engine);
            }
            if (age <= Shown)
            {
                return known.Backups;
            }
        }
        return await RefreshAsync(engine, cancellationToken);
    }

    /// <summary>Looks again now: called by who has changed something, before anybody hears of it, so nobody waits for it later.</summary>
    public async Task<IReadOnlyList<ListedBackup>> RefreshAsync(EngineContext engine, CancellationToken cancellationToken)
    {
        await reading.WaitAsync(cancellationToken);
        try
        {
            var now = clock.GetUtcNow();
            var version = await VersionAsync(engine, cancellationToken);
            if (last is { } before && before.Version == version && ReferenceEquals(before.Configuration, engine.Configuration)
                && now - before.ReadAt < CategoriesTrusted)
            {
                last = before with { LookedAt = now };
                return before.Backups;
            }
            foreach (var name in engine.Repositories.Names)
            {
                await DropIndexAsync(engine, name, cancellationToken);
            }
            var backups = await engine.Library.ListAsync(null, cancellationToken);
            var listed = new Listed(engine.Configuration, version, [.. backups.Select(ListedBackup.Of)], now, now);
            last = listed;
            return listed.Backups;
        }
        finally
        {
            reading.Release();
        }
    }

    /// <summary>The same for who does not want the list: that it cannot be read is a warning, and told to whoever asks for it.</summary>
    public async Task LookBesideAsync(EngineContext engine)
    {
        try
        {
            await RefreshAsync(engine, CancellationToken.None);
        }
        catch (Exception e)
        {
            engine.Warn($"The list of backups could not be read: {Engine.Errors.ErrorTable.Describe(e).Message}");
        }
        finally
        {
            Volatile.Write(ref looking, 0);
        }
    }

    public void Dispose() => reading.Dispose();

    /// <summary>A backup made since has its manifest in a pack that the index of before does not know.</summary>
    private static async Task DropIndexAsync(EngineContext engine, string name, CancellationToken cancellationToken)
    {
        try
        {
            (await engine.Repositories.OpenAsync(name, cancellationToken)).DropIndex();
        }
        catch (RepositoryException)
        {
            // The list says what is wrong with it, if it is the only one.
        }
    }

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
            }
            catch (RepositoryException e)
            {
                hash.AppendData(Encoding.UTF8.GetBytes(e.Message)); // The list says what is wrong with it, if it is the only one.
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed record Listed(
        LarderConfiguration Configuration,
        string Version,
        IReadOnlyList<ListedBackup> Backups,
        DateTimeOffset ReadAt,
        DateTimeOffset LookedAt);
}
