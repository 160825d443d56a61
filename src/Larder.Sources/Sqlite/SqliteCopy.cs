using System.Globalization;
using System.Security.Cryptography;
using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// A private copy of a database: a connection that reads it and a stream over the same bytes. The file has no name any more, so that it is
/// gone
/// when both are closed, however this process ends. Only while it is being written does it lie in the folder, as
/// <c>larder-sqlite-PID-RANDOM</c>; what a killed process left there is removed by the next one.
/// </summary>
internal sealed class SqliteCopy : IDisposable
{
    private const string Prefix = "larder-sqlite-";
    private const int StepBytes = 4 * 1024 * 1024; // Some 10 ms of work between two looks at the cancellation token.

    private SqliteCopy(Sqlite3Connection connection, FileStream content)
    {
        Connection = connection;
        Content = content;
    }

    public Sqlite3Connection Connection { get; }

    public FileStream Content { get; }

    /// <summary>Fails with <see cref="SourceException"/>.</summary>
    /// <param name="live">Its read transaction holds still what is copied.</param>
    /// <param name="shownPath">The live database's path, for messages.</param>
    /// <param name="folder">Where the copy is written.</param>
    /// <param name="cancellationToken">Looked at between steps.</param>
    public static SqliteCopy Make(LiveDatabase live, string shownPath, string folder, CancellationToken cancellationToken)
    {
        var path = CreateFile(folder);
        try
        {
            using (var target = Sqlite3Connection.Create(path))
            {
                CopyPages(live, target, shownPath, folder, cancellationToken);
            }
            var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            try
            {
                return new SqliteCopy(Sqlite3Connection.OpenImmutable(path), content);
            }
            catch
            {
                content.Dispose();
                throw;
            }
        }
        catch (Sqlite3Exception error)
        {
            throw new SourceException(
                SourceError.TargetFailed, $"The copy of {shownPath} in {folder} cannot be opened: {error.Message}.", error);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Removes the copies of processes that are no more.</summary>
    public static void RemoveLeftovers(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }
        foreach (var path in Directory.EnumerateFiles(folder, Prefix + "*"))
        {
            var id = Path.GetFileName(path)[Prefix.Length..].Split('-')[0];
            if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var process) || Directory.Exists($"/proc/{process}"))
            {
                continue;
            }
            try
            {
                File.Delete(path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                continue; // Another user's: theirs to remove.
            }
        }
    }

    private static string CreateFile(string folder)
    {
        var path = Path.Combine(folder, $"{Prefix}{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
        try
        {
            using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(
                SourceError.TargetFailed, $"The folder for temporary copies {folder} cannot be written: {error.Message}", error);
        }
        return path;
    }

    private static void CopyPages(
        LiveDatabase live, Sqlite3Connection target, string shownPath, string folder, CancellationToken cancellationToken)
    {
        // Nobody else sees this file, and if we die it is thrown away: no journal, no flushing, no locks.
        target.Execute("PRAGMA journal_mode=OFF");
        target.Execute("PRAGMA synchronous=OFF");
        target.Execute("PRAGMA locking_mode=EXCLUSIVE");

        var pages = (int)Math.Max(1, StepBytes / live.PageBytes);
        using var backup = Sqlite3.BackupInit(target.Handle, "main", live.Connection.Handle, "main");
        if (backup.IsInvalid)
        {
            throw target.DescribeLastError();
        }
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var code = Sqlite3.BackupStep(backup, pages);
            if (code == Sqlite3.Done)
            {
                return;
            }
            if (code != Sqlite3.Ok)
            {
                throw DescribeStep(Sqlite3Connection.Describe(code), shownPath, folder);
            }
        }
    }

    private static SourceException DescribeStep(Sqlite3Exception error, string shownPath, string folder) => error.Code == Sqlite3.Full
        ? new SourceException(
            SourceError.TargetFull, $"The file system of {folder} became full while {shownPath} was being copied to it.", error)
        : SqliteErrors.Describe(error, shownPath);

    public void Dispose()
    {
        Connection.Dispose();
        Content.Dispose();
    }
}
