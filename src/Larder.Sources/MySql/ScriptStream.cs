namespace Larder.Sources.MySql;

/// <summary>
/// What several runs of the dump program write, one after another, without its comments. Its end is reached only when each of them ended
/// well and said that it was complete.
/// </summary>
internal sealed class ScriptStream(IReadOnlyList<Func<MySqlDumpRun>> starts) : ProducedStream
{
    private int next;
    private MySqlDumpRun? run;
    private SqlScanner? scanner;
    private SqlWriter? writer;

    protected override async ValueTask<bool> ProduceAsync(CancellationToken cancellationToken)
    {
        if (run is null)
        {
            if (next == starts.Count)
            {
                Piece.Write("-- Dump completed\n"u8);
                return false;
            }
            run = starts[next++]();
            scanner = new SqlScanner(run.Output);
        }
        try
        {
            if (await scanner!.MoveNextAsync(cancellationToken) != SqlKind.End)
            {
                run.NoteLoggedIn();
                (writer ??= new SqlWriter(Piece)).Write(scanner);
                return true;
            }
        }
        catch (SourceException error)
        {
            throw await run.FindCauseAsync(error, cancellationToken);
        }
        await EndRunAsync(run, scanner, cancellationToken);
        return true;
    }

    private async Task EndRunAsync(MySqlDumpRun ended, SqlScanner read, CancellationToken cancellationToken)
    {
        await ended.CompleteAsync(cancellationToken);
        if (!read.IsComplete)
        {
            throw new SourceException(
                SourceError.ToolFailed, "The dump program ended well, but did not say that what it wrote is complete.");
        }
        await ended.DisposeAsync();
        run = null;
    }

    public override async ValueTask DisposeAsync()
    {
        if (run is not null)
        {
            await run.DisposeAsync();
        }
        await base.DisposeAsync();
    }
}
