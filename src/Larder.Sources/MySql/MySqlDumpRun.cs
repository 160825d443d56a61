using Larder.Sources.Tools;

namespace Larder.Sources.MySql;

/// <summary>One run of the dump program.</summary>
internal sealed class MySqlDumpRun : IAsyncDisposable
{
    private readonly MySqlServer server;
    private readonly ToolProcess process;
    private readonly OptionFile login;

    public MySqlDumpRun(MySqlServer server, ToolProcess process, OptionFile login)
    {
        this.server = server;
        this.process = process;
        this.login = login;
        Output = new GatheringStream(process.Output);
    }

    public Stream Output { get; }

    /// <summary>To be called when its first bytes came: it has logged in, and the file with the password is no longer needed.</summary>
    public void NoteLoggedIn() => login.Dispose();

    /// <summary>Asks how it ended, when its output was read. Fails with <see cref="SourceException"/>.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await process.CompleteAsync(cancellationToken);
        }
        catch (SourceException error)
        {
            throw MySqlErrors.Describe(error, process.ErrorText, server);
        }
    }

    /// <summary>
    /// Why its output is not whole: the program's own words where it has ended badly, otherwise what was noticed.
    /// </summary>
    public async Task<SourceException> FindCauseAsync(SourceException noticed, CancellationToken cancellationToken)
    {
        if (noticed.Error != SourceError.Damaged)
        {
            return noticed;
        }
        try
        {
            await process.Output.CompleteAsync();
            await CompleteAsync(cancellationToken);
        }
        catch (SourceException cause)
        {
            return cause;
        }
        return new SourceException(SourceError.ToolFailed, $"What the dump program wrote is not whole. {noticed.Message}", noticed);
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        login.Dispose();
    }
}
