using System.Globalization;
using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>Puts a restored copy in the place of a database, in one moment and only when nobody uses it.</summary>
/// <param name="clock">Names the replaced database by the moment, in its time zone.</param>
/// <param name="busyTimeout">How long to wait for programs that have the live database open.</param>
/// <param name="afterStep">Told of each step; what it throws stops the restore there.</param>
public sealed class SqliteRestore(TimeProvider clock, TimeSpan busyTimeout, Action<SqliteRestoreStep>? afterStep = null)
{
    private static readonly TimeSpan JustOpened = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The file that is really replaced: where a symlink leads, or the path itself. The copy must be written in its folder.
    /// </summary>
    public static string ResolveTarget(string target)
    {
        var full = Path.GetFullPath(target);
        return new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
    }

    /// <summary>
    /// The programs that have the database open now, for people, as far as /proc shows it. While there are any, it is not replaced.
    /// </summary>
    public static IReadOnlyList<string> FindUsers(string target)
    {
        target = ResolveTarget(target);
        try
        {
            return File.Exists(target) ? FileHolders.Find(target) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>
    /// Checks the copy, compares it with what the backup recorded, and swaps it in. The database that stood there is kept beside it as
    /// <c>NAME.replaced-yyyyMMdd_HHmmss</c>. Not cancellable once the live database is taken. A failure leaves the old database in place.
    /// Fails with <see cref="SourceException"/>: <see cref="SourceError.Damaged"/>, <see cref="SourceError.Mismatch"/>,
    /// <see cref="SourceError.TargetBusy"/>, <see cref="SourceError.TargetExists"/>, <see cref="SourceError.TargetFailed"/>.
    /// </summary>
    /// <param name="copy">A finished, closed file in the target's folder; afterwards it has the target's name.</param>
    /// <param name="target">The database to replace, or where there shall be one.</param>
    /// <param name="recorded">What the manifest has of this file; empty compares nothing.</param>
    /// <param name="cancellationToken">Looked at until the live database is taken.</param>
    /// <returns>The path under which the old database is kept; null where there was none.</returns>
    public async Task<string?> SwapInAsync(
        string copy, string target, IReadOnlyList<EntryFacts> recorded, CancellationToken cancellationToken)
    {
        copy = Path.GetFullPath(copy);
        target = ResolveTarget(target);
        var folder = Path.GetDirectoryName(target)!;
        if (Path.GetDirectoryName(copy) != folder)
        {
            throw new ArgumentException($"The copy must lie in {folder}, so that the exchange is one rename.", nameof(copy));
        }

        if (Directory.Exists(target))
        {
            throw new SourceException(SourceError.TargetExists, $"{target} is a folder; a database can only replace a database.");
        }
        SqliteFacts.Compare(recorded, await SqliteCheck.InspectAsync(copy, cancellationToken), target);
        Done(SqliteRestoreStep.CopyChecked);
        cancellationToken.ThrowIfCancellationRequested();

        return await Task.Run(() => SwapAsync(copy, target, folder), cancellationToken);
    }

    private async Task<string?> SwapAsync(string copy, string target, string folder)
    {
        try
        {
            var kept = FindFreeName(target);
            var replaces = File.Exists(target);
            PrepareCopy(copy, target, replaces);
            Done(SqliteRestoreStep.CopyPrepared);

            using var held = replaces ? await HeldDatabase.TakeAsync(target, busyTimeout, clock) : null;
            Done(SqliteRestoreStep.TargetTaken);

            Companions.Remove(target, kept, held?.IsWhole ?? false);
            LibcPath.FlushFolder(folder);
            Done(SqliteRestoreStep.CompanionsRemoved);

            if (!replaces)
            {
                LibcPath.Rename(copy, target);
                LibcPath.FlushFolder(folder);
                Done(SqliteRestoreStep.Finished);
                return null;
            }

            if (LibcPath.TryExchange(copy, target))
            {
                await GiveBackIfOpenedAsync(copy, target);
                Done(SqliteRestoreStep.Exchanged);
                LibcPath.Rename(copy, kept);
            }
            else
            {
                // A file system without exchange. Between the two there is no database, but never a wrong or half one.
                LibcPath.Rename(target, kept);
                LibcPath.Rename(copy, target);
                Done(SqliteRestoreStep.Exchanged);
            }
            LibcPath.FlushFolder(folder);
            Done(SqliteRestoreStep.Finished);
            return kept;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(SourceError.TargetFailed, $"The database {target} cannot be replaced: {error.Message}", error);
        }
    }

    /// <summary>
    /// A program that opened the old database at the last moment waits for our lock, and would then apply a log of the target's name to it.
    /// While we hold the lock it can do nothing, so the exchange can still be undone.
    /// </summary>
    private async Task GiveBackIfOpenedAsync(string old, string target)
    {
        var holders = await FileHolders.WaitUntilNoneAsync(old, JustOpened, clock, exceptThisProcess: true);
        if (holders.Count > 0 && LibcPath.TryExchange(old, target))
        {
            throw HeldDatabase.DescribeBusy(target, $"{string.Join(", ", holders)} has just opened it");
        }
    }

    private string FindFreeName(string target)
    {
        var moment = clock.GetLocalNow().ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture);
        var name = $"{target}.replaced-{moment}";
        for (var number = 2; File.Exists(name); number++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{target}.replaced-{moment}-{number}");
        }
        return name;
    }

    private static void PrepareCopy(string copy, string target, bool replaces)
    {
        if (replaces)
        {
            var old = LibcPath.ReadAttributes(target);
            var now = LibcPath.ReadAttributes(copy);
            if ((old.Uid, old.Gid) != (now.Uid, now.Gid))
            {
                LibcPath.SetOwner(copy, old.Uid, old.Gid);
            }
            File.SetUnixFileMode(copy, (UnixFileMode)old.Permissions); // After the owner: chown clears some bits.
        }
        LibcPath.Flush(copy);
    }

    private void Done(SqliteRestoreStep step) => afterStep?.Invoke(step);
}
