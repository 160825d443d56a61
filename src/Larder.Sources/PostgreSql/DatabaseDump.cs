using System.Threading.Channels;
using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// One run of pg_dump, split into the files of its directory format while it runs. What is in memory at once: 2.4 MiB of the program's
/// output (<see cref="ToolProcess"/>), 3 MiB of blocks between the stages (<see cref="ArchiveBlocks"/>), and the table of contents.
/// </summary>
internal sealed class DatabaseDump : IAsyncDisposable
{
    // Most pieces are whole blocks, of which there are few; those of small tables are many, and hold nothing but a reference.
    private const int PiecesMax = 512;

    private readonly PostgreSqlFailures failures;
    private readonly ToolProcess process;
    private readonly CancellationTokenSource stopping = new();
    private readonly PieceReader reader;
    private readonly List<ArchivePart> parts = [];
    private readonly Task work;

    private DatabaseDump(ToolProcess process, ArchiveToc toc, PostgreSqlFailures failures, TimeProvider clock)
    {
        this.process = process;
        this.failures = failures;
        Toc = toc;
        var content = MakeChannel();
        var rows = MakeChannel();
        reader = new PieceReader(content.Reader, clock);
        work = WorkAsync(new ArchiveSplitter(toc, content.Writer, rows.Writer), content.Writer, rows);
    }

    /// <summary>As it came, in the custom format.</summary>
    public ArchiveToc Toc { get; }

    /// <summary>
    /// Starts pg_dump and reads its table of contents; when that is there, it holds its snapshot and its locks. Fails with
    /// <see cref="SourceException"/>, for which it is asked what it died of.
    /// </summary>
    public static async Task<DatabaseDump> StartAsync(
        ToolStart start, PostgreSqlFailures failures, TimeProvider clock, CancellationToken cancellationToken)
    {
        var process = ToolProcess.Start(start, clock);
        try
        {
            var toc = await ReadTocAsync(process, failures, cancellationToken);
            return new DatabaseDump(process, toc, failures, clock);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>The next file; null behind the last.</summary>
    public async ValueTask<ArchivePart?> MoveNextAsync(CancellationToken cancellationToken)
    {
        var part = await reader.MoveNextAsync(cancellationToken);
        if (part is not null && part.Kind != ArchivePartKind.LargeObject)
        {
            parts.Add(part); // There can be millions of large objects, so only their list is kept.
        }
        return part;
    }

    /// <summary>The content of the file that <see cref="MoveNextAsync"/> gave.</summary>
    public Stream OpenPart() => new PartStream(reader);

    /// <summary>
    /// Waits for pg_dump's exit and for the hashing, when all files have been handed over. Fails with <see cref="SourceException"/>.
    /// </summary>
    /// <returns>The tables and lists of large objects, in the order of the archive.</returns>
    public async Task<IReadOnlyList<ArchivePart>> CompleteAsync(CancellationToken cancellationToken)
    {
        await work.WaitAsync(cancellationToken);
        await failures.CompleteAsync(process, cancellationToken);
        return parts;
    }

    /// <summary>What pg_dump said of what it met and went on.</summary>
    public string ErrorText => process.ErrorText;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await process.DisposeAsync();
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private static Channel<ArchivePiece> MakeChannel() =>
        Channel.CreateBounded<ArchivePiece>(new BoundedChannelOptions(PiecesMax) { SingleReader = true, SingleWriter = true });

    private static async Task<ArchiveToc> ReadTocAsync(
        ToolProcess process, PostgreSqlFailures failures, CancellationToken cancellationToken)
    {
        try
        {
            var toc = await ArchiveToc.ReadAsync(process.Output, cancellationToken);
            return toc.Header is { Format: ArchiveFormat.Custom, Compression: 0 } ? toc : throw new SourceException(
                SourceError.Damaged, "pg_dump made an archive of another kind than it was asked for.");
        }
        catch (SourceException)
        {
            // Where it wrote nothing or broke off, the reason is in what it says.
            await process.Output.CompleteAsync();
            await failures.CompleteAsync(process, cancellationToken);
            throw;
        }
    }

    private async Task WorkAsync(ArchiveSplitter splitter, ChannelWriter<ArchivePiece> content, Channel<ArchivePiece> rows)
    {
        var counting = Task.Run(() => RowCounter.CountAsync(rows.Reader, stopping.Token));
        var splitting = Task.Run(() => splitter.SplitAsync(process.Output, stopping.Token));
        try
        {
            if (await Task.WhenAny(counting, splitting) == counting)
            {
                await counting; // It ends first only when it fails.
            }
            await SplitAsync(splitting);
            rows.Writer.Complete();
            await counting;
            content.Complete();
        }
        catch (Exception error)
        {
            await stopping.CancelAsync();
            rows.Writer.TryComplete();
            content.TryComplete(error);
            await Task.WhenAll(counting, splitting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task SplitAsync(Task splitting)
    {
        try
        {
            await splitting;
        }
        catch (ArchiveCutOff cut)
        {
            await failures.CompleteAsync(process, stopping.Token);
            throw new SourceException(SourceError.Damaged, cut.Message, cut);
        }
    }
}
