using Larder.Sources;
using Larder.Sources.Dumps;

namespace Larder.Testing;

/// <summary>A dump that lies in a folder, such as one that an engine's own tool wrote.</summary>
public sealed class FolderDump(string folder) : IStoredDump
{
    public IReadOnlyList<StoredFile> Files { get; } =
    [
        .. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(file => new StoredFile(new EntryPath(Path.GetRelativePath(folder, file.FullName)), file.Length)),
    ];

    public ValueTask<Stream> OpenAsync(EntryPath path, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Stream>(File.OpenRead(Path.Combine(folder, path.ToString())));
}
