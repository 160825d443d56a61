using System.Globalization;
using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Loads the tables of a dump that pg_restore waits for at a <see cref="PipeFolder"/>, and hands it large objects there. What it waits for
/// it says itself, on standard error; should a future one say it in other words, a look at the pipes once a second finds it. To be disposed
/// after pg_restore has ended: a pipe that is closed early says that a table is there.
/// </summary>
internal sealed class RestoreFeed : IAsyncDisposable
{
    private const string Launching = "pg_restore: launching item ";

    // What it says with one job, where it launches nothing.
    private const string ReadingRows = "pg_restore: processing data for table \"";
    private const string ReadingObjects = "pg_restore: processing BLOBS";

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly IStoredDump dump;
    private readonly StoredDatabase database;
    private readonly PipeFolder folder;
    private readonly TableLoader loader;
    private readonly Action<long> advance;
    private readonly Dictionary<int, TocEntry> waiting;
    private readonly List<Task> feeds = [];
    private readonly List<PipeFile> kept = [];
    private readonly Dictionary<string, long> rows = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource ending = new();
    private readonly TaskCompletionSource failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly ITimer timer;
    private bool hasJobs;
    private int active;

    /// <param name="toc">What pg_restore was given; its entries with data have pipes in the folder.</param>
    public RestoreFeed(
        IStoredDump dump,
        StoredDatabase database,
        ArchiveToc toc,
        PipeFolder folder,
        TableLoader loader,
        Action<long> advance,
        TimeProvider clock)
    {
        this.dump = dump;
        this.database = database;
        this.folder = folder;
        this.loader = loader;
        this.advance = advance;
        waiting = toc.Entries.Where(entry => entry.HasData).ToDictionary(entry => entry.DumpId);
        timer = clock.CreateTimer(_ => LookForReaders(), null, LookInterval, LookInterval);
    }

    /// <summary>Never completes well; fails as soon as a file cannot be read or handed over.</summary>
    public Task Failure => failure.Task;

    /// <summary>The tables that were loaded, by data file, and how many rows they hold.</summary>
    public IReadOnlyDictionary<string, long> Rows
    {
        get
        {
            lock (gate)
            {
                return rows.ToDictionary(StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Hears a line of pg_restore and begins with what it says that it reads next.</summary>
    public void Hear(string line)
    {
        if (line.StartsWith(Launching, StringComparison.Ordinal)
            && int.TryParse(line.AsSpan(Launching.Length).Trim() is var rest && rest.IndexOf(' ') is var end and > 0 ? rest[..end] : rest,
                NumberStyles.None, CultureInfo.InvariantCulture, out var dumpId))
        {
            hasJobs = true;
            Begin(dumpId, null);
        }
        else if (!hasJobs && line.StartsWith(ReadingRows, StringComparison.Ordinal) && line.Length > ReadingRows.Length)
        {
            BeginFirst(entry => entry.Kind != TocEntry.LargeObjects && IsOf(entry, line[ReadingRows.Length..^1]));
        }
        else if (!hasJobs && line == ReadingObjects)
        {
            BeginFirst(entry => entry.Kind == TocEntry.LargeObjects);
        }
    }

    private static bool IsOf(TocEntry entry, string name) =>
        entry is { Schema: { } schema, Tag: { } table }
        && name.Length == schema.Length + 1 + table.Length
        && name.StartsWith(schema, StringComparison.Ordinal)
        && name.EndsWith(table, StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await timer.DisposeAsync();
        await ending.CancelAsync();
        Task[] begun;
        lock (gate)
        {
            waiting.Clear();
            begun = [.. feeds];
        }
        await Task.WhenAll(begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var pipe in kept)
        {
            await pipe.DisposeAsync();
        }
        ending.Dispose();
    }

    private void LookForReaders()
    {
        // Nothing is heard meanwhile: a pipe that two had opened for writing would never end for its reader.
        lock (gate)
        {
            foreach (var entry in active > 0 ? [] : waiting.Values.ToList())
            {
                if (entry.Kind != TocEntry.LargeObjects && folder.TryOpenWriter(entry.DataFile!) is { } pipe)
                {
                    Begin(entry.DumpId, pipe);
                }
            }
        }
    }

    /// <summary>With one job everything comes in the order of the table of contents.</summary>
    private void BeginFirst(Func<TocEntry, bool> isNext)
    {
        lock (gate)
        {
            if (waiting.Values.FirstOrDefault(isNext) is { } next)
            {
                Begin(next.DumpId, null);
            }
        }
    }

    private void Begin(int dumpId, PipeFile? pipe)
    {
        lock (gate)
        {
            if (waiting.Remove(dumpId, out var entry))
            {
                active++;
                feeds.Add(Task.Run(() => FeedAsync(entry, pipe)));
            }
        }
    }

    private async Task FeedAsync(TocEntry entry, PipeFile? pipe)
    {
        try
        {
            if (entry.Kind == TocEntry.LargeObjects)
            {
                await FeedLargeObjectsAsync(entry);
            }
            else
            {
                await LoadAsync(entry, pipe);
            }
        }
        catch (Exception error)
        {
            failure.TrySetException(error);
        }
        finally
        {
            lock (gate)
            {
                active--;
            }
        }
    }

    /// <summary>pg_restore opens them one after the other, in the order of the list.</summary>
    private async Task FeedLargeObjectsAsync(TocEntry entry)
    {
        using var list = File.OpenText(folder[entry.DataFile!]);
        await foreach (var (_, name) in LargeObjectList.ReadAsync(list, entry.DataFile!, ending.Token))
        {
            await FeedFileAsync(name);
            folder.Remove(name);
        }
    }

    private async Task LoadAsync(TocEntry table, PipeFile? signal)
    {
        try
        {
            var count = await loader.LoadAsync(table, ending.Token);
            lock (gate)
            {
                rows[table.DataFile!] = count;
            }
        }
        catch
        {
            Keep(signal);
            throw;
        }
        signal ??= await folder.OpenWriterAsync(table.DataFile!, ending.Token);
        await signal.DisposeAsync();
    }

    private async Task FeedFileAsync(string name)
    {
        var file = database.Files.GetValueOrDefault(name) ?? throw new SourceException(
            SourceError.Damaged, $"The dump of the database {database.Folder} is not whole: the file {name} is not stored.");
        await using var content = await dump.OpenAsync(file.Path, ending.Token);
        var pipe = await folder.OpenWriterAsync(name, ending.Token);
        try
        {
            await TableFeed.CopyAsync(content, pipe, _ => { }, advance, ending.Token);
        }
        catch
        {
            Keep(pipe);
            throw;
        }
        await pipe.DisposeAsync();
    }

    /// <summary>Open until pg_restore has ended.</summary>
    private void Keep(PipeFile? pipe)
    {
        if (pipe is not null)
        {
            lock (gate)
            {
                kept.Add(pipe);
            }
        }
    }
}
