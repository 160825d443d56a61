using Larder.Sources.Tools;

namespace Larder.Sources.MySql;

/// <summary>One run of the client, fed with statements as they come. Its first failing statement ends it.</summary>
internal sealed class MySqlScript : IAsyncDisposable
{
    private readonly MySqlServer server;
    private readonly ToolProcess process;
    private readonly OptionFile login;
    private bool greeted;

    public MySqlScript(MySqlServer server, ToolProcess process, OptionFile login, bool hasAnswer)
    {
        this.server = server;
        this.process = process;
        this.login = login;
        Answer = process.Output.AsStream(leaveOpen: true);
        greeted = hasAnswer;
        if (!hasAnswer)
        {
            _ = DrainAsync();
        }
    }

    /// <summary>What the statements answer, as the client prints it.</summary>
    public Stream Answer { get; }

    /// <summary>Hands statements over. Where the client has ended, this says why.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            if (!greeted)
            {
                greeted = true;
                await process.Input.WriteAsync("SELECT 'in';\n"u8.ToArray(), cancellationToken);
            }
            await process.Input.WriteAsync(bytes, cancellationToken);
            await process.Input.FlushAsync(cancellationToken);
        }
        catch (IOException error)
        {
            await process.Output.CompleteAsync();
            throw await FindCauseAsync(error, cancellationToken);
        }
    }

    /// <summary>Ends the input and waits until everything was done. Fails with <see cref="SourceException"/>.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await process.Input.DisposeAsync();
        }
        catch (IOException)
        {
            // It ended before; its status tells.
        }
        try
        {
            await process.CompleteAsync(cancellationToken);
        }
        catch (SourceException error)
        {
            throw MySqlErrors.Describe(error, process.ErrorText, server);
        }
        finally
        {
            login.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        login.Dispose();
    }

    private async Task<SourceException> FindCauseAsync(IOException error, CancellationToken cancellationToken)
    {
        try
        {
            await CompleteAsync(cancellationToken);
            return new SourceException(SourceError.ToolFailed, "The client ended well before it had read everything.", error);
        }
        catch (SourceException cause)
        {
            return cause;
        }
    }

    /// <summary>Its first answer is to the greeting: it has logged in, and the file with the password is no longer needed.</summary>
    private async Task DrainAsync()
    {
        try
        {
            var buffer = new byte[4096];
            while (await Answer.ReadAsync(buffer) > 0)
            {
                login.Dispose();
            }
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or SourceException)
        {
            // The process was disposed; nobody waits for its answer.
        }
    }
}
