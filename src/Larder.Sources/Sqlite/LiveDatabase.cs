using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// A live database inside one read transaction. In WAL mode nobody is hindered; in the other modes writers wait with their commit until
/// this is disposed.
/// It is opened for writing where that is allowed, though nothing is written: only so can SQLite undo the half transaction of a program
/// that died, and
/// take its -wal and -shm files away again when it was the last to leave.
/// </summary>
internal sealed class LiveDatabase : IDisposable
{
    // SQLite tries again after 1, 2, 5, 10, 15, 20 ms: short slices find the gaps of a writer without mercy, and notice a cancellation
    // soon.
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(50);

    private LiveDatabase(Sqlite3Connection connection) => Connection = connection;

    public Sqlite3Connection Connection { get; }

    public required long PageBytes { get; init; }

    public required long SizeBytes { get; init; }

    public required string Encoding { get; init; }

    public static async Task<LiveDatabase> OpenAsync(SqliteSettings settings, TimeProvider clock, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return Open(settings.Path);
            }
            catch (Sqlite3Exception error) when (error.Code == Sqlite3.Busy && clock.GetElapsedTime(started) < settings.BusyTimeout)
            {
                await Task.Yield(); // It has waited for a slice; the next one begins.
            }
            catch (Sqlite3Exception error) when (error.Code == Sqlite3.Busy)
            {
                throw new SourceException(
                    SourceError.Unreachable,
                    $"The database {settings.Path} was held exclusively by another program for {settings.BusyTimeout.TotalSeconds:0.#} "
                    + "seconds.",
                    error);
            }
            catch (Sqlite3Exception error)
            {
                throw SqliteErrors.Describe(error, settings.Path);
            }
        }
    }

    private static LiveDatabase Open(string path)
    {
        var connection = Sqlite3Connection.Open(path);
        try
        {
            connection.SetBusyTimeout(Slice);
            connection.Execute("PRAGMA query_only=ON");
            connection.Execute("BEGIN");
            connection.Execute("SELECT count(*) FROM sqlite_schema"); // BEGIN alone takes no lock; the first read does.
            var pageBytes = connection.QueryInt64("PRAGMA page_size");
            return new LiveDatabase(connection)
            {
                PageBytes = pageBytes,
                SizeBytes = pageBytes * connection.QueryInt64("PRAGMA page_count"),
                Encoding = connection.QueryText("PRAGMA encoding") ?? "",
            };
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose() => Connection.Dispose();
}
