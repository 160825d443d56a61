using System.Globalization;
using Larder.Engine.Errors;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Catalog;

/// <summary>Opens the catalog's file: makes it, brings it up to date, and sets it aside when it is damaged.</summary>
internal static class CatalogFile
{
    private const int Corrupt = 11, NotADatabase = 26;

    // Writes take milliseconds; who waits this long meets a process that hangs or a disk that does.
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(10);

    /// <param name="path">Its folder is made when it is not there.</param>
    /// <param name="clock">Names the file that is set aside.</param>
    /// <param name="warn">Told what was set aside, in a whole sentence.</param>
    /// <param name="schemaVersion">The newest, except in tests of migrations.</param>
    public static SqliteConnection Open(string path, TimeProvider clock, Action<string> warn, int schemaVersion)
    {
        SystemSqlite.EnsureJoined();
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);

            // One process at a time looks, repairs and migrates; otherwise the second would set aside what the first has just made.
            using var gate = FileGate.Enter($"{path}.lock", BusyTimeout);
            try
            {
                return OpenSound(path, schemaVersion);
            }
            catch (SqliteException exception) when (IsDamage(exception))
            {
                var aside = SetAside(path, clock);
                warn($"The catalog \"{path}\" is damaged ({exception.Message.TrimEnd('.')}). It was set aside as \"{aside}\" and a new "
                    + "one begun; "
                    + "the run history is lost, no backup is.");
                return OpenSound(path, schemaVersion);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw Failure(path, exception);
        }
    }

    public static LarderException Failure(string path, Exception exception) => exception is SqliteException sqlite && IsDamage(sqlite)
        ? new LarderException(EngineError.CatalogDamaged, $"The catalog \"{path}\" is damaged: {exception.Message}", exception)
        : new LarderException(EngineError.CatalogUnavailable, $"The catalog \"{path}\" cannot be used: {exception.Message}", exception);

    private static bool IsDamage(SqliteException exception) => exception.SqliteErrorCode is Corrupt or NotADatabase;

    private static SqliteConnection OpenSound(string path, int schemaVersion)
    {
        Create(path);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            ForeignKeys = true,
            Pooling = false, // A pooled handle would keep a file open that was set aside.
            DefaultTimeout = (int)BusyTimeout.TotalSeconds,
        }.ToString());
        try
        {
            connection.Open();
            Execute(connection, $"PRAGMA busy_timeout = {(int)BusyTimeout.TotalMilliseconds}");
            Execute(connection, "PRAGMA journal_mode = WAL");
            Execute(connection, "PRAGMA synchronous = NORMAL"); // A power cut may cost the last events, never the file.
            var verdict = (string?)Execute(connection, "PRAGMA quick_check(1)");
            if (verdict != "ok")
            {
                throw new SqliteException(verdict ?? "no answer to quick_check", Corrupt);
            }
            Schema.Migrate(connection, schemaVersion);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // Made before SQLite does, so that nobody else can read it: later it holds the hashes of tokens. Never opened when it is there:
    // closing any handle of a file gives up all POSIX locks that this process holds on it, SQLite's too.
    private static void Create(string path)
    {
        if (File.Exists(path))
        {
            return;
        }
        var creation = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            creation.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        new FileStream(path, creation).Dispose();
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static string SetAside(string path, TimeProvider clock)
    {
        var name = $"{path}.damaged-{clock.GetUtcNow().ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture)}";
        var aside = name;
        for (var more = 2; File.Exists(aside); more++)
        {
            aside = $"{name}-{more}";
        }
        File.Move(path, aside);
        foreach (var companion in new[] { "-wal", "-shm" })
        {
            if (File.Exists(path + companion))
            {
                File.Move(path + companion, aside + companion);
            }
        }
        return aside;
    }
}
