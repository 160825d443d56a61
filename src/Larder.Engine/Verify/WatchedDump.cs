using System.Collections.Concurrent;
using Larder.Sources;
using Larder.Sources.Dumps;

namespace Larder.Engine.Verify;

/// <summary>A dump that knows which of its files were read: what no reader of it asks for belongs to nothing.</summary>
internal sealed class WatchedDump(IStoredDump dump) : IStoredDump
{
    private readonly ConcurrentDictionary<EntryPath, bool> opened = new();

    public IReadOnlyList<StoredFile> Files => dump.Files;

    /// <summary>The files that nobody has opened yet.</summary>
    public IEnumerable<EntryPath> Unread => Files.Select(file => file.Path).Where(path => !opened.ContainsKey(path));

    public ValueTask<Stream> OpenAsync(EntryPath path, CancellationToken cancellationToken)
    {
        opened[path] = true;
        return dump.OpenAsync(path, cancellationToken);
    }
}
