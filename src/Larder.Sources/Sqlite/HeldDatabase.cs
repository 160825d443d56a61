using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>A live database that this process alone may use until it is disposed.</summary>
internal sealed class HeldDatabase : IDisposable
{
    private const string RestoreAgain = "restore again";

    private readonly IDisposable hold;

    private HeldDatabase(IDisposable hold, bool isWhole)
    {
        this.hold = hold;
        IsWhole = isWhole;
    }

    /// <summary>Whether everything in it is in its one file. False for a file that SQLite cannot read.</summary>
    public bool IsWhole { get; }

    /// <summary>Fails with <see cref="SourceException"/>: <see cref="SourceError.TargetBusy"/>.</summary>
    /// <param name="path">The database.</param>
    /// <param name="busyTimeout">How long to wait for those who have it open.</param>
    /// <param name="clock">Measures that time.</param>
    /// <param name="retry">What the message asks for: <c>restore again</c>.</param>
    public static async Task<HeldDatabase> TakeAsync(string path, TimeSpan busyTimeout, TimeProvider clock, string retry = RestoreAgain)
    {
        // A program that has the file open but is between two transactions holds no lock, and would go on with the replaced database.
        if (await FileHolders.WaitUntilNoneAsync(path, busyTimeout, clock) is { Count: > 0 } holders)
        {
            throw DescribeBusy(path, $"{string.Join(", ", holders)} has it open", retry: retry);
        }
        try
        {
            return HasHeader(path) ? TakeWhole(path, busyTimeout, retry) : TakeDamaged(path, retry);
        }
        catch (Sqlite3Exception error) when (error.Code is Sqlite3.Busy or Sqlite3.Locked)
        {
            throw DescribeBusy(path, "another program is using it", error, retry);
        }
        catch (Sqlite3Exception error) when (error.Code is Sqlite3.NotADatabase or Sqlite3.Corrupt)
        {
            return TakeDamaged(path, retry); // To replace it is what this restore is for.
        }
        catch (Sqlite3Exception error)
        {
            throw new SourceException(
                SourceError.TargetFailed, $"The database {path} cannot be taken exclusively: {error.Message}.", error);
        }
    }

    private static HeldDatabase TakeWhole(string path, TimeSpan busyTimeout, string retry)
    {
        var connection = Sqlite3Connection.Open(path);
        try
        {
            connection.SetBusyTimeout(busyTimeout);
            // In this mode the lock that BEGIN EXCLUSIVE takes is kept until the connection is closed. It also undoes what a dead program
            // left half done, and in WAL mode it needs every other connection to be gone, idle ones too.
            connection.Execute("PRAGMA locking_mode=EXCLUSIVE");
            connection.Execute("BEGIN EXCLUSIVE");
            connection.Execute("COMMIT");
            if (connection.QueryInt64("PRAGMA wal_checkpoint(TRUNCATE)") != 0)
            {
                throw DescribeBusy(path, "its write-ahead log cannot be emptied", retry: retry);
            }
            // The file must not be opened and closed now, not even to flush it: the first close of any descriptor drops this process's
            // locks.
            // SQLite has flushed it after the checkpoint and after every commit.
            return new HeldDatabase(connection, isWhole: true);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>SQLite throws away the log of a file that is none of its own, and the log may be all that is left of the data.</summary>
    private static bool HasHeader(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        Span<byte> start = stackalloc byte[16];
        return file.Length == 0
            || (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == 16 && start.SequenceEqual("SQLite format 3\0"u8));
    }

    private static HeldDatabase TakeDamaged(string path, string retry)
    {
        const long pendingByte = 0x40000000; // Where SQLite's locks lie, sqlite.org/fileformat.html: no data is there.
        const long lockBytes = 512;
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        try
        {
            file.Lock(pendingByte, lockBytes);
            return new HeldDatabase(file, isWhole: false);
        }
        catch (IOException error)
        {
            file.Dispose();
            throw DescribeBusy(path, "another program is using it", error, retry);
        }
    }

    public static SourceException DescribeBusy(string path, string why, Exception? inner = null, string retry = RestoreAgain) => new(
        SourceError.TargetBusy,
        $"The database {path} was not replaced because {why}. Stop the service that uses it and {retry}.",
        inner);

    public void Dispose() => hold.Dispose();
}
