using System.Collections.Concurrent;
using Larder.Repository.Native;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;

namespace Larder.Repository;

/// <summary>Whether others may hold a lock at the same time.</summary>
public enum LockMode
{
    /// <summary>Reading and adding: others may do the same.</summary>
    Shared,

    /// <summary>Removing: nobody else may hold any lock.</summary>
    Exclusive,
}

/// <summary>
/// A lock in a repository, kept fresh until it is disposed. The protocol is restic's: write a lock file, wait as long as the storage may
/// take to list it, look again, and give way where somebody else's excludes ours. It is advisory, and relies on storage that lists what was
/// written and on clocks that roughly agree.
/// </summary>
public sealed class RepositoryLock : IAsyncDisposable
{
    /// <summary>How often a lock file is replaced by a newer one.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromMinutes(5);

    /// <summary>
    /// After this long without a refresh nothing may be written any more: at <see cref="StaleAfter"/> others take the lock for dead.
    /// </summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(22.5);

    /// <summary>The age at which a lock counts as left behind.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(30);

    private readonly Repository repository;
    private readonly CancellationTokenSource disposing = new();
    private readonly CancellationTokenSource lost = new();
    // Every file that may be in the storage because of this lock: the present one, and those whose removal or writing failed.
    private readonly ConcurrentDictionary<StorageKey, bool> ours = new();
    private volatile Held? held;
    private volatile Exception? cause;
    private Task refreshing = Task.CompletedTask;

    private RepositoryLock(Repository repository, LockMode mode)
    {
        this.repository = repository;
        Mode = mode;
    }

    public LockMode Mode { get; }

    /// <summary>Cancelled when the lock could not be kept.</summary>
    public CancellationToken Lost => lost.Token;

    private TimeProvider Clock => repository.Options.Clock;

    /// <summary>
    /// The present lock file, and when it was written: by the clock that everybody sees, and by the one that nobody sets.
    /// </summary>
    private sealed record Held(StorageKey File, DateTimeOffset Time, long Timestamp);

    /// <summary>Takes a lock, waiting for others as long as <see cref="RepositoryOptions.LockWait"/> says.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryError.Locked"/>, naming who holds the other one.</exception>
    public static async Task<RepositoryLock> AcquireAsync(Repository repository, LockMode mode, CancellationToken cancellationToken)
    {
        var clock = repository.Options.Clock;
        var began = clock.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(500);
        while (true)
        {
            var candidate = new RepositoryLock(repository, mode);
            if (await candidate.TryAcquireAsync(cancellationToken) is not { } holder)
            {
                candidate.refreshing = candidate.KeepFreshAsync();
                return candidate;
            }
            if (clock.GetElapsedTime(began) + pause > repository.Options.LockWait)
            {
                throw Excluded(repository, holder);
            }
            await Task.Delay(pause, clock, cancellationToken);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, TimeSpan.FromMinutes(1).Ticks));
        }
    }

    /// <summary>Fails where the lock has not been refreshed in time. Cheap: asked before every write.</summary>
    public void EnsureFresh()
    {
        if (!lost.IsCancellationRequested && IsFresh)
        {
            return;
        }
        // For good: while it was not fresh, others may have pruned.
        Lose(null);
        throw LostException();
    }

    /// <summary>Fails where the lock file is gone. Asked before what others rely on: an index, a snapshot, a deletion.</summary>
    public async Task EnsureHeldAsync(CancellationToken cancellationToken)
    {
        EnsureFresh();
        for (var looked = held; await repository.Storage.FindLengthAsync(looked!.File, cancellationToken) is null;)
        {
            // A refresh may just have replaced the file; then the new name is there.
            if (looked == held)
            {
                Lose(null);
                throw LostException();
            }
            looked = held;
        }
        EnsureFresh(); // The machine may have slept while it was asked.
    }

    /// <summary>Removes lock files: those left behind, or all.</summary>
    /// <returns>How many were removed.</returns>
    public static async Task<int> RemoveAsync(Repository repository, bool all, CancellationToken cancellationToken)
    {
        var removed = 0;
        await foreach (var stored in repository.Storage.ListAsync(FileKind.Lock, cancellationToken))
        {
            if (all || await IsLeftBehindAsync(repository, stored, cancellationToken))
            {
                await repository.Storage.DeleteAsync(stored.Key, cancellationToken);
                removed++;
            }
        }
        return removed;
    }

    public async ValueTask DisposeAsync()
    {
        if (disposing.IsCancellationRequested)
        {
            return;
        }
        await disposing.CancelAsync();
        await refreshing;
        await DeleteAllAsync(except: null, CancellationToken.None);
        // Those that failed, once more: a lock left behind bars others for half an hour.
        await DeleteAllAsync(except: null, CancellationToken.None);
    }

    /// <returns>Null when the lock is ours; otherwise whose lock excludes it.</returns>
    private async Task<LockFile?> TryAcquireAsync(CancellationToken cancellationToken)
    {
        if (await FindConflictAsync(cancellationToken) is { } early)
        {
            return early;
        }

        try
        {
            held = await StoreAsync(cancellationToken);
            if (repository.Storage.ListingDelay is var settling && settling > TimeSpan.Zero)
            {
                await Task.Delay(settling, Clock, cancellationToken); // Of two who write at the same moment, at least one sees the other.
            }
            if (await FindConflictAsync(cancellationToken) is not { } late)
            {
                return null;
            }
            await DisposeAsync();
            return late;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task<LockFile?> FindConflictAsync(CancellationToken cancellationToken)
    {
        LockFile? conflict = null;
        await foreach (var stored in repository.Storage.ListAsync(FileKind.Lock, cancellationToken))
        {
            if (ours.ContainsKey(stored.Key) || stored.LengthBytes == 0)
            {
                continue;
            }
            LockFile? other;
            try
            {
                other = await TryReadAsync(repository, stored, cancellationToken);
            }
            catch (RepositoryException e) when (e.Error is RepositoryError.Damaged or RepositoryError.Unsupported)
            {
                // Whose it is cannot be told, so it counts as held; "unlock" removes it.
                throw new RepositoryException(
                    RepositoryError.Locked, $"the repository at {repository.Location} has a {stored.Key} that cannot be read", e)
                {
                    File = stored.Key,
                    Location = repository.Location,
                };
            }
            if (other is null)
            {
                continue;
            }
            if (IsOfDeadProcess(other, repository.Options))
            {
                await repository.Storage.DeleteAsync(stored.Key, cancellationToken);
            }
            else if (!IsStale(other, repository.Options) && (Mode == LockMode.Exclusive || other.Exclusive))
            {
                conflict = other;
            }
        }
        return conflict;
    }

    private async Task<Held> StoreAsync(CancellationToken cancellationToken)
    {
        var options = repository.Options;
        // The times are those before the writing: a slow storage must not make the lock look younger to us than to others.
        var (time, timestamp) = (Clock.GetLocalNow(), Clock.GetTimestamp());
        var content = new LockFile
        {
            Time = time,
            Exclusive = Mode == LockMode.Exclusive,
            Hostname = options.Hostname,
            Username = options.Username,
            Pid = Environment.ProcessId,
        };
        var (file, box) = repository.SealUnpacked(FileKind.Lock, content.Encode());
        ours[file] = true; // Before the writing, which may take effect and fail all the same.
        await repository.Storage.PutAsync(file, box, cancellationToken);
        return new Held(file, time, timestamp);
    }

    private async Task DeleteAllAsync(StorageKey? except, CancellationToken cancellationToken)
    {
        foreach (var (file, _) in ours)
        {
            if (file == except)
            {
                continue;
            }
            try
            {
                await repository.Storage.DeleteAsync(file, cancellationToken);
                ours.TryRemove(file, out _);
            }
            catch (RepositoryException)
            {
                // Tried again at the next refresh, and at the end. A lock left behind is recognised as stale by whoever comes next.
            }
        }
    }

    // The clock on the wall goes on while the machine sleeps; the other one is not moved when somebody sets the time.
    private bool IsFresh =>
        held is { } now && Clock.GetElapsedTime(now.Timestamp) <= FreshFor && Clock.GetUtcNow() - now.Time <= FreshFor;

    private void Lose(Exception? why)
    {
        cause ??= why;
        lost.Cancel();
    }

    private async Task KeepFreshAsync()
    {
        // Not PeriodicTimer: cancelled, it looks up the source lines of its stack trace, for which the runtime loads 2 MB of libraries.
        try
        {
            while (true)
            {
                await Task.Delay(RefreshInterval, Clock, disposing.Token);
                await RefreshAsync();
            }
        }
        catch (OperationCanceledException) when (disposing.IsCancellationRequested)
        {
            // Disposed: the owner deletes the file.
        }
        catch (Exception e)
        {
            Lose(e); // Nobody awaits this task before the end, so the reason is kept for whoever writes next.
        }
    }

    private async Task RefreshAsync()
    {
        try
        {
            if (await repository.Storage.FindLengthAsync(held!.File, disposing.Token) is null)
            {
                Lose(null); // Somebody removed it on purpose, and may be pruning by now.
                return;
            }
            var renewed = await StoreAsync(disposing.Token);
            if (!IsFresh)
            {
                Lose(null); // Too late: the old file has looked stale to others meanwhile.
                return;
            }
            held = renewed;
            await DeleteAllAsync(except: renewed.File, disposing.Token);
        }
        catch (RepositoryException e)
        {
            if (!IsFresh)
            {
                Lose(e); // Until then the next tick may succeed.
            }
        }
    }

    /// <returns>Null where it was released between the listing and now.</returns>
    private static async Task<LockFile?> TryReadAsync(Repository repository, StoredFile stored, CancellationToken cancellationToken)
    {
        try
        {
            return LockFile.Decode(await repository.ReadUnpackedAsync(stored.Key, Repository.SmallFileBytesMax, cancellationToken));
        }
        catch (RepositoryException e) when (e.Error == RepositoryError.FileMissing)
        {
            return null;
        }
    }

    private static async Task<bool> IsLeftBehindAsync(Repository repository, StoredFile stored, CancellationToken cancellationToken)
    {
        try
        {
            return await TryReadAsync(repository, stored, cancellationToken) is { } other && IsStale(other, repository.Options);
        }
        catch (RepositoryException e) when (e.Error is RepositoryError.Damaged or RepositoryError.Unsupported)
        {
            return true; // Nobody who lives holds a lock that nobody can read.
        }
    }

    private static bool IsStale(LockFile held, RepositoryOptions options) =>
        options.Clock.GetUtcNow() - held.Time > StaleAfter || IsOfDeadProcess(held, options);

    private static bool IsOfDeadProcess(LockFile held, RepositoryOptions options) =>
        held.Hostname == options.Hostname && held.Pid > 0 && !Posix.ProcessExists(held.Pid);

    private RepositoryException LostException() => new(
        RepositoryError.LockLost,
        $"the lock on the repository at {repository.Location} was lost: it was removed, or could not be refreshed for "
            + $"{FreshFor.TotalMinutes} minutes",
        cause)
    {
        Location = repository.Location,
    };

    private static RepositoryException Excluded(Repository repository, LockFile holder) => new(
        RepositoryError.Locked,
        $"the repository at {repository.Location} is locked{(holder.Exclusive ? " exclusively" : "")} by process {holder.Pid} of "
            + $"{holder.Username} on {holder.Hostname} since {holder.Time:u}")
    {
        Location = repository.Location,
    };
}
