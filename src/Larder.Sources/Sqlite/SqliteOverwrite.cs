using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// Writes a restored database into the live file, in one transaction of SQLite's own: for those who have no room for a second one beside
/// it, or may not rename in its folder. Readers see the old content until the end (in WAL mode while they go on reading, otherwise they
/// hold it up), and a kill is undone from the journal by the next program that opens it. The old content is kept nowhere.
/// </summary>
/// <remarks>
/// The journal or log needs up to as much room beside the live database as is written, until it is done, and SQLite must be able to make
/// it: in a folder that may not be written this works only for a database in WAL mode whose <c>-wal</c> and <c>-shm</c> stand there.
/// </remarks>
public static class SqliteOverwrite
{
    private const int StepBytes = 4 * 1024 * 1024; // Some 10 ms of work between two looks at the cancellation token.
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Fails with <see cref="SourceException"/>: <see cref="SourceError.TargetBusy"/>, <see cref="SourceError.TargetFull"/>,
    /// <see cref="SourceError.TargetFailed"/>, <see cref="SourceError.NotFound"/>; then the live database is as it was.
    /// </summary>
    /// <param name="copy">A finished, closed database that nobody writes to; anywhere. It was checked before.</param>
    /// <param name="live">A database that stands there and is not damaged.</param>
    /// <param name="busyTimeout">How long to wait for others to let go of it.</param>
    /// <param name="clock">Measures that time.</param>
    /// <param name="cancellationToken">Looked at until the last page; then the transaction is rolled back.</param>
    /// <param name="afterPages">Told after each step how many pages are left; what it throws ends it there.</param>
    public static Task WriteAsync(
        string copy,
        string live,
        TimeSpan busyTimeout,
        TimeProvider clock,
        CancellationToken cancellationToken,
        Action<int>? afterPages = null)
    {
        var writing = new Writing(live, clock, clock.GetTimestamp(), busyTimeout, afterPages, cancellationToken);
        return Task.Run(() => WriteRepeatedlyAsync(copy, writing), cancellationToken);
    }

    private static async Task WriteRepeatedlyAsync(string copy, Writing writing)
    {
        try
        {
            using var from = OpenCopy(copy);
            using var to = Sqlite3Connection.Open(writing.Live);
            to.SetBusyTimeout(Slice);
            ConfirmFits(from, to, copy, writing.Live);
            while (!TryWrite(from, to, writing))
            {
                await Task.Yield(); // It has waited for a slice; the next one begins.
            }
        }
        catch (Sqlite3Exception error)
        {
            throw Describe(error, writing.Live);
        }
    }

    private static Sqlite3Connection OpenCopy(string copy)
    {
        try
        {
            return Sqlite3Connection.OpenImmutable(copy);
        }
        catch (Sqlite3Exception error)
        {
            throw SqliteErrors.Describe(error, copy);
        }
    }

    /// <summary>In WAL mode pages can be written, but not their size changed.</summary>
    private static void ConfirmFits(Sqlite3Connection from, Sqlite3Connection to, string copy, string live)
    {
        var isLog = to.QueryText("PRAGMA journal_mode") == "wal";
        var (wanted, standing) = (from.QueryInt64("PRAGMA page_size"), to.QueryInt64("PRAGMA page_size"));
        if (isLog && wanted != standing)
        {
            throw new SourceException(
                SourceError.TargetFailed,
                $"The database {live} has pages of {standing} bytes and a write-ahead log, so {copy} with pages of {wanted} bytes cannot "
                + "be written over it. Stop the service that uses it, run \"PRAGMA journal_mode=DELETE\" on it, and restore again; or let "
                + "it be exchanged.");
        }
    }

    /// <summary>False where it is to be tried again from the beginning, because another program had the database.</summary>
    private static bool TryWrite(Sqlite3Connection from, Sqlite3Connection to, Writing writing)
    {
        var pages = (int)Math.Max(1, StepBytes / from.QueryInt64("PRAGMA page_size"));
        using var backup = Sqlite3.BackupInit(to.Handle, "main", from.Handle, "main");
        if (backup.IsInvalid)
        {
            var error = to.DescribeLastError();
            return error.Code is Sqlite3.Busy or Sqlite3.Locked && writing.HasTime ? false : throw error;
        }
        while (true)
        {
            writing.CancellationToken.ThrowIfCancellationRequested();
            var code = Sqlite3.BackupStep(backup, pages);
            switch (code & 0xFF)
            {
                case Sqlite3.Done:
                    return true;
                case Sqlite3.Ok:
                    writing.AfterPages?.Invoke(Sqlite3.BackupRemaining(backup));
                    break;
                case Sqlite3.Busy or Sqlite3.Locked when writing.HasTime:
                    break; // The step is tried again; what was written until now is still in the transaction.
                default:
                    throw Describe(Sqlite3Connection.Describe(code), writing.Live);
            }
        }
    }

    private sealed record Writing(
        string Live,
        TimeProvider Clock,
        long Started,
        TimeSpan BusyTimeout,
        Action<int>? AfterPages,
        CancellationToken CancellationToken)
    {
        public bool HasTime => Clock.GetElapsedTime(Started) < BusyTimeout;
    }

    private static SourceException Describe(Sqlite3Exception error, string live) => error.Code switch
    {
        Sqlite3.Busy or Sqlite3.Locked => HeldDatabase.DescribeBusy(live, "another program is using it", error),
        Sqlite3.Full => new(
            SourceError.TargetFull,
            $"The file system of {live} became full while it was being written over; it is as it was before.",
            error),
        Sqlite3.NotADatabase or Sqlite3.Corrupt => new(
            SourceError.TargetFailed,
            $"What stands at {live} is no database that SQLite can write into. Let it be exchanged, or remove it and restore again.",
            error),
        Sqlite3.CannotOpen when !File.Exists(live) => new(SourceError.NotFound, $"There is no database at {live}.", error),
        Sqlite3.CannotOpen or Sqlite3.ReadOnly or Sqlite3.Permission => new(
            SourceError.TargetFailed,
            $"The database {live} cannot be written over: {error.Message}. The file and its folder must be writable, for SQLite makes a "
            + "journal there.",
            error),
        _ => new(SourceError.TargetFailed, $"The database {live} cannot be written over: {error.Message}.", error),
    };
}
