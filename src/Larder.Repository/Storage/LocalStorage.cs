using System.Buffers;
using System.Runtime.CompilerServices;
using Larder.Repository.Native;
using Microsoft.Win32.SafeHandles;

namespace Larder.Repository.Storage;

/// <summary>
/// A folder on this machine, in restic's default layout. A file is written under a temporary name, flushed, and renamed only when whole;
/// then its folder is flushed, so that what <see cref="PutAsync"/> reported survives a power cut. Nothing is ever replaced.
/// Disposing it closes the packs that were kept open for reading; it can still be used afterwards.
/// </summary>
public sealed class LocalStorage : IStorage, IDisposable
{
    /// <summary>A temporary file that nobody wrote to for this long has lost its writer: packs are 16 MiB and take seconds.</summary>
    public static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    // One system call writes at most this much, so that a cancelled put ends soon; 64 buffers stay far below the kernel's 1024.
    private const int BatchBytesMax = 8 << 20;
    private const int BatchBuffersMax = 64;

    // A listing holds this many names at once, whatever the size of the repository.
    private const int ListBatch = 512;

    private readonly LocalLayout layout;
    private readonly OpenPacks openPacks = new();

    /// <param name="path">The folder; it need not exist before <see cref="PrepareAsync"/>. Nothing is touched here.</param>
    public LocalStorage(string path) => layout = new LocalLayout(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));

    public string Location => layout.Root;
    public TimeSpan ListingDelay => LocalFileSystem.ListingDelay(layout.Root);

    /// <summary>Makes the folders that are not there yet, mode 0700, durably. Harmless on a repository that exists.</summary>
    /// <exception cref="RepositoryException">The path is a file, or the folders cannot be made.</exception>
    public Task PrepareAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            CreateRoot(layout.Root);
            var parentsOfNew = new HashSet<string>(StringComparer.Ordinal);
            foreach (var folder in layout.Folders)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (CreateFolder(folder))
                {
                    parentsOfNew.Add(Path.GetDirectoryName(folder)!);
                }
            }
            foreach (var parent in parentsOfNew)
            {
                Check(Posix.FlushFolder(parent), null, $"could not flush the folder {parent}");
            }
        },
        cancellationToken);

    public Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken) =>
        Task.Run(() => Put(key, content, cancellationToken), cancellationToken);

    public Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return Task.Run(() => Read(key, offset, destination.Span), cancellationToken);
    }

    public Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken) =>
        Task.Run(() => FindLength(key), cancellationToken);

    public async IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var files = ListNow(kind).GetEnumerator();
        var batch = new List<StoredFile>(ListBatch);
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Run(() => Fill(batch, files), cancellationToken);
            foreach (var file in batch)
            {
                yield return file;
            }
        }
        while (batch.Count == ListBatch);
    }

    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken) => Task.Run(() => Delete(key), cancellationToken);

    /// <summary>
    /// Removes temporary files that their writers left behind when they were killed: those last written to more than
    /// <see cref="LeftoverAge"/> ago.
    /// </summary>
    /// <returns>How many were removed.</returns>
    public Task<int> RemoveLeftoversAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var olderThan = time.GetUtcNow() - LeftoverAge;
        return Task.Run(
            () =>
                layout.Folders.Prepend(layout.Root)
                    .Sum(folder => LocalListing.RemoveLeftovers(folder, olderThan, Location, cancellationToken)),
            cancellationToken);
    }

    public void Dispose() => openPacks.Dispose();

    /// <summary>How many packs are open for reading.</summary>
    internal int OpenPackCount => openPacks.Count;

    private void Put(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        if (IsStoredAlready(key, content.Length))
        {
            return;
        }

        var temporary = layout.TemporaryPathOf(key);
        var renamed = false;
        try
        {
            WriteDurably(key, temporary, content, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();

            var final = layout.PathOf(key);
            var errno = Posix.RenameWithoutReplacing(temporary, final);
            if (errno == Posix.Exists)
            {
                // Another writer of the same name was faster. Its file is ours when the length is.
                IsStoredAlready(key, content.Length);
                return;
            }
            Check(errno, key, $"could not give {temporary} its final name without risking to replace a file");
            renamed = true;
            FlushFolderOf(key);
        }
        finally
        {
            if (!renamed)
            {
                Posix.Delete(temporary);
            }
        }
    }

    /// <returns>Whether a file of this name and length is stored, durably; with another length, or for config, it fails.</returns>
    private bool IsStoredAlready(StorageKey key, long lengthBytes)
    {
        if (FindLength(key) is not { } stored)
        {
            return false;
        }
        if (key.Kind == FileKind.Config)
        {
            throw LocalFailure.Exists(key, Location, "");
        }
        if (stored != lengthBytes)
        {
            throw LocalFailure.Exists(key, Location, $" with {stored} bytes instead of {lengthBytes}");
        }
        // The first try may have failed at just this step, or another process may not have come to it yet.
        FlushFolderOf(key);
        return true;
    }

    private void WriteDurably(StorageKey key, string path, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        using var handle = Create(key, path);
        try
        {
            Write(handle, content, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw LocalFailure.Of(failure, key, Location, $"could not write {path}");
        }
        Check(Posix.Flush(handle), key, $"could not flush {path}");
    }

    private SafeFileHandle Create(StorageKey key, string path)
    {
        var errno = Posix.CreateReadOnlyFile(path, out var handle);
        if (errno == Posix.NoEntry && CreateMissingFolderOf(key))
        {
            handle.Dispose();
            errno = Posix.CreateReadOnlyFile(path, out handle);
        }
        if (errno != 0)
        {
            handle.Dispose();
            throw LocalFailure.Of(errno, key, Location, $"could not create {path}");
        }
        return handle;
    }

    /// <summary>Copying tools drop empty folders, so a folder may be missing from a good repository.</summary>
    private bool CreateMissingFolderOf(StorageKey key)
    {
        // Without config this is no repository but, say, the mount point of a disk that is not there: nothing may be stored beside it.
        if (key.Kind == FileKind.Config || FindLength(StorageKey.Config) is null)
        {
            return false;
        }
        var kindFolder = Path.Combine(layout.Root, StorageKey.Directory(key.Kind));
        foreach (var folder in new[] { kindFolder, layout.FolderOf(key) })
        {
            CreateFolder(folder);
            var parent = Path.GetDirectoryName(folder)!;
            Check(Posix.FlushFolder(parent), key, $"could not flush the folder {parent}");
        }
        return true;
    }

    private static void Write(SafeFileHandle handle, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        var batch = new List<ReadOnlyMemory<byte>>(BatchBuffersMax);
        var offset = DirectWriter.Write(handle, content, cancellationToken);
        content = content.Slice(offset);
        var batchBytes = 0;

        foreach (var segment in content)
        {
            for (var rest = segment; !rest.IsEmpty;)
            {
                var piece = rest[..Math.Min(rest.Length, BatchBytesMax - batchBytes)];
                batch.Add(piece);
                batchBytes += piece.Length;
                rest = rest[piece.Length..];
                if (batchBytes == BatchBytesMax || batch.Count == BatchBuffersMax)
                {
                    WriteBatch();
                }
            }
        }
        WriteBatch();

        void WriteBatch()
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (batchBytes > 0)
            {
                RandomAccess.Write(handle, batch, offset);
            }
            offset += batchBytes;
            batchBytes = 0;
            batch.Clear();
        }
    }

    private int Read(StorageKey key, long offset, Span<byte> destination)
    {
        var path = layout.PathOf(key);
        if (key.Kind != FileKind.Pack)
        {
            Check(Posix.OpenToRead(path, out var handle), key, $"could not open {path}", missingIsError: true);
            using (handle)
            {
                return ReadFrom(handle, key, path, offset, destination);
            }
        }

        Check(openPacks.Rent(key, path, out var pack), key, $"could not open {path}", missingIsError: true);
        using (pack)
        {
            try
            {
                return ReadFrom(pack!.Handle, key, path, offset, destination);
            }
            catch (RepositoryException)
            {
                openPacks.Forget(pack!); // A handle that failed (a stale one of NFS) must not serve the next try.
                throw;
            }
        }
    }

    private int ReadFrom(SafeFileHandle handle, StorageKey key, string path, long offset, Span<byte> destination)
    {
        try
        {
            var total = 0;
            while (total < destination.Length)
            {
                var read = RandomAccess.Read(handle, destination[total..], offset + total);
                if (read == 0)
                {
                    break;
                }
                total += read;
            }
            return total;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw LocalFailure.Of(failure, key, Location, $"could not read {path}");
        }
    }

    private long? FindLength(StorageKey key)
    {
        var path = layout.PathOf(key);
        var errno = Posix.Status(path, out var status);
        if (errno == Posix.NoEntry)
        {
            return null;
        }
        Check(errno, key, $"could not look at {path}");
        return status.IsRegularFile ? status.LengthBytes : throw NotWhatItShouldBe(path, "file", key);
    }

    private IEnumerable<StoredFile> ListNow(FileKind kind)
    {
        if (kind == FileKind.Config)
        {
            return FindLength(StorageKey.Config) is { } length ? [new StoredFile(StorageKey.Config, length)] : [];
        }
        // An empty answer from a disk that is not mounted would look like a repository without snapshots.
        Check(Posix.Status(layout.Root, out _), null, $"could not list {layout.Root}");
        return layout.FoldersOf(kind).SelectMany(folder => LocalListing.FilesOf(folder, kind));
    }

    private void Fill(List<StoredFile> batch, IEnumerator<StoredFile> files)
    {
        batch.Clear();
        try
        {
            while (batch.Count < ListBatch && files.MoveNext())
            {
                batch.Add(files.Current);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw LocalFailure.Of(failure, null, Location, $"could not list {layout.Root}");
        }
    }

    private void Delete(StorageKey key)
    {
        openPacks.Forget(key);
        var path = layout.PathOf(key);
        var errno = Posix.Delete(path);
        if (errno == Posix.NoEntry)
        {
            return;
        }
        Check(errno, key, $"could not delete {path}");

        // What is deleted before packs must not come back when power is cut: an index that returns would name packs that are gone.
        // Packs and locks are deleted last and may return harmlessly, which spares a flush for each of thousands of packs.
        if (key.Kind is not (FileKind.Pack or FileKind.Lock))
        {
            FlushFolderOf(key);
        }
    }

    private void CreateRoot(string path)
    {
        var errno = Posix.Status(path, out var status);
        if (errno == 0)
        {
            _ = status.IsFolder ? true : throw NotWhatItShouldBe(path, "folder", null);
            return;
        }
        if (errno == Posix.NoEntry && Path.GetDirectoryName(path) is { } parent)
        {
            CreateRoot(parent);
            CreateFolder(path);
            Check(Posix.FlushFolder(parent), null, $"could not flush the folder {parent}");
            return;
        }
        Check(errno, null, $"could not look at {path}");
    }

    /// <returns>Whether it was made; false where it was there.</returns>
    private bool CreateFolder(string path)
    {
        var errno = Posix.CreateFolder(path);
        if (errno == Posix.Exists)
        {
            Check(Posix.Status(path, out var status), null, $"could not look at {path}");
            return status.IsFolder ? false : throw NotWhatItShouldBe(path, "folder", null);
        }
        Check(errno, null, $"could not create the folder {path}");
        return true;
    }

    private RepositoryException NotWhatItShouldBe(string path, string should, StorageKey? key) =>
        new(RepositoryError.StorageFailed, $"{path} is not a {should}.") { File = key, Location = Location };

    private void FlushFolderOf(StorageKey key) =>
        Check(Posix.FlushFolder(layout.FolderOf(key)), key, $"could not flush the folder {layout.FolderOf(key)}");

    private void Check(int errno, StorageKey? key, string did, bool missingIsError = false)
    {
        if (errno == Posix.NoEntry && missingIsError)
        {
            throw LocalFailure.Missing(key!.Value, Location);
        }
        if (errno != 0)
        {
            throw LocalFailure.Of(errno, key, Location, did);
        }
    }
}
