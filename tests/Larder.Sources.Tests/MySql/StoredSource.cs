using Larder.Sources.Dumps;
using Larder.Testing;

namespace Larder.Sources.Tests.MySql;

/// <summary>What a source handed over, kept in a folder as a backup would keep it.</summary>
internal sealed class StoredSource : IStoredDump, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public SourceOutcome Outcome { get; private set; } = new();

    public SourceDescription Description { get; private set; } = new() { Engine = "", Consistency = "" };

    public string FullPath => folder.FullPath;

    public IReadOnlyList<StoredFile> Files =>
    [
        .. Directory.EnumerateFiles(folder.FullPath, "*", SearchOption.AllDirectories)
            .Select(path => new StoredFile(new EntryPath(Path.GetRelativePath(folder.FullPath, path)), new FileInfo(path).Length)),
    ];

    /// <summary>Runs a whole session.</summary>
    public static async Task<StoredSource> ReadAsync(ISource source, Func<SourceEntry, Task>? before = null)
    {
        var stored = new StoredSource();
        try
        {
            await using var session = await source.OpenAsync(TestContext.Current.CancellationToken);
            stored.Description = session.Description;
            await foreach (var entry in session.ReadEntriesAsync(TestContext.Current.CancellationToken))
            {
                await (before?.Invoke(entry) ?? Task.CompletedTask);
                var path = stored.folder[entry.Path.ToString()];
                if (entry.OpenContent is null)
                {
                    Directory.CreateDirectory(path);
                    continue;
                }
                await using var content = await entry.OpenContent(TestContext.Current.CancellationToken);
                await using var file = File.Create(path);
                await content.CopyToAsync(file, TestContext.Current.CancellationToken);
            }
            stored.Outcome = await session.CompleteAsync(TestContext.Current.CancellationToken);
            return stored;
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    public ValueTask<Stream> OpenAsync(EntryPath path, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Stream>(File.OpenRead(folder[path.ToString()]));

    public void Dispose() => folder.Dispose();
}
