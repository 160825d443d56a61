using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// A SQLite database that programs may be writing to. It is copied under one read transaction into a private temporary file, and the copy
/// is
/// checked and handed over as one file.
/// </summary>
/// <param name="settings">Which database.</param>
/// <param name="clock">Measures how long to wait for a lock.</param>
/// <param name="temporaryFolder">Where the copy is made (as large as the database); null is the system's folder for temporary files
/// (TMPDIR).</param>
/// <param name="freeBytes">How many bytes a folder's file system has free; null asks the system.</param>
public sealed class SqliteSource(
    SqliteSettings settings, TimeProvider clock, string? temporaryFolder = null, Func<string, long>? freeBytes = null) : ISource
{
    private readonly string folder = temporaryFolder ?? Path.GetTempPath();

    public string Engine => "sqlite";

    public Task<SourceProbe> ProbeAsync(CancellationToken cancellationToken) =>
        Task.Run(
            async () =>
            {
                CheckReadable();
                using var live = await LiveDatabase.OpenAsync(settings, clock, cancellationToken);
                return new SourceProbe { EngineVersion = Sqlite3Connection.LibraryVersion, EstimatedBytes = live.SizeBytes };
            },
            cancellationToken);

    public async Task<ISourceSession> OpenAsync(CancellationToken cancellationToken)
    {
        CheckReadable();
        SqliteCopy.RemoveLeftovers(folder);
        return await Task.Run(CopyAsync, cancellationToken);

        async Task<ISourceSession> CopyAsync()
        {
            var attributes = LibcPath.ReadAttributes(settings.Path);
            using var live = await LiveDatabase.OpenAsync(settings, clock, cancellationToken);
            CheckSpace(live.SizeBytes);
            var copy = SqliteCopy.Make(live, settings.Path, folder, cancellationToken);
            return new SqliteSession(settings.Path, live.Encoding, attributes, copy);
        }
    }

    // By name only. Opening the file and closing it again would drop the locks that SQLite holds in this very process,
    // where the database may be the catalog.
    private void CheckReadable()
    {
        if (Directory.Exists(settings.Path))
        {
            throw new SourceException(SourceError.NotFound, $"{settings.Path} is a folder, not a database.");
        }
        if (!LibcPath.IsThere(settings.Path))
        {
            throw new SourceException(SourceError.NotFound, $"There is no database at {settings.Path}.");
        }
        if (!LibcPath.IsReadable(settings.Path))
        {
            throw new SourceException(SourceError.PermissionDenied, $"The database {settings.Path} may not be read by this user.");
        }
    }

    private void CheckSpace(long neededBytes)
    {
        long free;
        try
        {
            free = (freeBytes ?? (name => new DriveInfo(name).AvailableFreeSpace))(folder);
        }
        catch (IOException error)
        {
            throw new SourceException(
                SourceError.TargetFailed, $"The folder for temporary copies {folder} cannot be used: {error.Message}", error);
        }
        if (free < neededBytes)
        {
            throw new SourceException(
                SourceError.TargetFull,
                $"The copy of {settings.Path} needs {neededBytes} bytes in {folder}, and only {free} are free there. Set TMPDIR to a "
                + "larger folder.");
        }
    }
}
