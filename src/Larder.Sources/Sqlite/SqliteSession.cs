using System.Runtime.CompilerServices;
using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>Hands the copy over while it is being checked; what the check found is known in <see cref="CompleteAsync"/>.</summary>
internal sealed class SqliteSession : ISourceSession
{
    private readonly SqliteCopy copy;
    private readonly SourceEntry entry;
    private readonly CancellationTokenSource disposal = new();
    private readonly Task<IReadOnlyList<EntryFacts>> check;
    private bool handedOver;
    private bool disposed;

    public SqliteSession(string path, string encoding, EntryAttributes live, SqliteCopy copy)
    {
        this.copy = copy;
        var name = Path.GetFileName(path);
        Description = new SourceDescription
        {
            Engine = "sqlite",
            Paths = [path],
            EngineVersion = Sqlite3Connection.LibraryVersion,
            DatabaseName = name,
            Encoding = encoding,
            Consistency = "snapshot",
            EstimatedBytes = copy.Content.Length,
        };
        entry = new SourceEntry
        {
            Path = new EntryPath(name),
            // No inode: in WAL mode a database changes while its file does not, so it must never be taken for an unchanged or linked file.
            Attributes = live with { SizeBytes = (ulong)copy.Content.Length, Inode = 0, DeviceId = 0, Links = 1 },
            Style = ContentStyle.Pages,
            OpenContent = _ => ValueTask.FromResult<Stream>(copy.Content),
        };
        check = Task.Run(() => SqliteCheck.Inspect(copy.Connection, path, name, disposal.Token));
    }

    public SourceDescription Description { get; }

    public async IAsyncEnumerable<SourceEntry> ReadEntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        yield return entry;
        handedOver = true;
        await Task.CompletedTask;
    }

    public async Task<SourceOutcome> CompleteAsync(CancellationToken cancellationToken)
    {
        if (!handedOver)
        {
            throw new InvalidOperationException("The entries were not read to their end.");
        }
        return new SourceOutcome { Entries = await check.WaitAsync(cancellationToken) };
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        await disposal.CancelAsync();
        await ((Task)check).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Its connection must not be closed under it.
        copy.Dispose();
        disposal.Dispose();
    }
}
