using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>Gives a failed call of SQLite its meaning for the database at a path.</summary>
internal static class SqliteErrors
{
    public static SourceException Describe(Sqlite3Exception error, string path) => error.Code switch
    {
        Sqlite3.NotADatabase => new(SourceError.Damaged, $"{path} is not a SQLite database, or it is encrypted.", error),
        Sqlite3.Corrupt => new(SourceError.Damaged, $"The database {path} is damaged: {error.Message}.", error),
        Sqlite3.Busy or Sqlite3.Locked => new(SourceError.Unreachable, $"The database {path} is locked by another program.", error),
        Sqlite3.Permission or Sqlite3.ReadOnly =>
            new(SourceError.PermissionDenied, $"The database {path} may not be read: {error.Message}.", error),
        Sqlite3.CannotOpen when File.Exists(path) => new(
            SourceError.PermissionDenied,
            $"The database {path} cannot be opened: {error.Message}. In WAL mode its folder must be writable, or its -wal and -shm files "
            + "be there.",
            error),
        Sqlite3.CannotOpen => new(SourceError.NotFound, $"There is no database at {path}.", error),
        _ => new(SourceError.Unreachable, $"The database {path} cannot be read: {error.Message}.", error),
    };
}
