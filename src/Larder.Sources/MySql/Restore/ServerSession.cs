using System.Globalization;
using System.Text;

namespace Larder.Sources.MySql.Restore;

/// <summary>
/// One connection on which statements are run one after another, each of them ended before the next is sent. It holds a lock of its
/// restore's own, so that what a killed process had sent is over before another one looks.
/// </summary>
internal sealed class ServerSession : IAsyncDisposable
{
    // Somebody's open transaction keeps a table in its place; after a minute it is better to leave everything as it is.
    private const int LockSeconds = 60;

    private readonly RestoreConnection connection;
    private readonly MySqlScript script;
    private readonly StreamReader answers;
    private readonly Action<string>? afterCall;
    private int sent;

    private ServerSession(RestoreConnection connection, Action<string>? afterCall)
    {
        this.connection = connection;
        this.afterCall = afterCall;
        script = connection.Client.Open("", hasAnswer: true, connection.Tools.ClientHasSandbox);
        answers = new StreamReader(script.Answer, Encoding.UTF8, leaveOpen: true);
    }

    public RestoreConnection Connection => connection;

    /// <param name="connection">The server.</param>
    /// <param name="name">Of the lock; at most 64 characters.</param>
    /// <param name="afterCall">Told of each statement that has changed something.</param>
    public static async Task<ServerSession> OpenAsync(
        RestoreConnection connection, string name, Action<string>? afterCall, CancellationToken cancellationToken)
    {
        var session = new ServerSession(connection, afterCall);
        try
        {
            await session.LockAsync(SqlText.QuoteText(name), cancellationToken);
            var settings = string.Create(CultureInfo.InvariantCulture, $"SET lock_wait_timeout={LockSeconds}, foreign_key_checks=0;");
            await session.QueryAsync(settings, cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks. A NULL comes as the word. Fails with <see cref="SourceException"/>, and then the session is over.</summary>
    public Task<IReadOnlyList<string[]>> QueryAsync(string sql, CancellationToken cancellationToken) =>
        AskAsync(Encoding.UTF8.GetBytes(sql), cancellationToken);

    private async Task<IReadOnlyList<string[]>> AskAsync(ReadOnlyMemory<byte> sql, CancellationToken cancellationToken)
    {
        var end = string.Create(CultureInfo.InvariantCulture, $"larder-done-{++sent}");
        await script.WriteAsync(sql, cancellationToken);
        await script.WriteAsync(Encoding.UTF8.GetBytes($"\nSELECT '{end}';\n"), cancellationToken);
        var rows = new List<string[]>();
        while (await answers.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line == end)
            {
                return rows;
            }
            rows.Add(MySqlClient.ParseRow(line));
        }
        await script.CompleteAsync(cancellationToken); // Says why the client ended.
        throw new SourceException(SourceError.ToolFailed, "The client ended before it had answered.");
    }

    /// <summary>Runs a statement of our own, whole or not at all. Not cancellable.</summary>
    /// <param name="statement">Without a delimiter.</param>
    public async Task RunAsync(string statement)
    {
        // The client runs what it has when its input ends. Were we killed while we write, half a RENAME might still be one; but no server
        // takes half a conditional comment (tried on 10.11).
        await QueryAsync($"/*! {statement} */;", CancellationToken.None);
        afterCall?.Invoke(statement);
    }

    /// <summary>Runs a statement over a connection of its own, which may fail.</summary>
    public async Task TryRunAsync(string statement, string database)
    {
        try
        {
            await connection.Client.ExecuteAsync($"/*! {statement} */;", database, CancellationToken.None);
        }
        catch (SourceException)
        {
            return;
        }
        afterCall?.Invoke(statement);
    }

    /// <summary>Runs a script in a database, statement by statement.</summary>
    public async Task RunScriptAsync(byte[] text, string database)
    {
        if (text.Length == 0)
        {
            return;
        }
        await QueryAsync($"USE {SqlText.Quote(database)};", CancellationToken.None);
        using var content = new MemoryStream(text);
        var scanner = new SqlScanner(content);
        while (await scanner.MoveNextAsync(CancellationToken.None) != SqlKind.End)
        {
            var statement = scanner.Text.ToArray();
            using var piece = new MemoryStream();
            var writer = new SqlWriter(piece);
            writer.Write(statement, scanner.Delimiter);
            writer.Complete();
            await AskAsync(piece.ToArray(), CancellationToken.None);
            if (StatementKinds.Of(statement) != StatementKind.Setting)
            {
                afterCall?.Invoke(Encoding.UTF8.GetString(statement));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await script.DisposeAsync();
        answers.Dispose();
    }

    /// <summary>Whoever holds it is the client of a process that was killed: it may wait for a table, and is ended.</summary>
    private async Task LockAsync(string name, CancellationToken cancellationToken)
    {
        var holder = (await QueryAsync($"SELECT COALESCE(IS_USED_LOCK({name}), 0);", cancellationToken))[0][0];
        if (holder != "0")
        {
            try
            {
                await connection.Client.ExecuteAsync($"KILL {holder};", "", cancellationToken);
            }
            catch (SourceException)
            {
                // It is gone already, or belongs to another account; then it is waited for.
            }
        }
        var got = await QueryAsync(
            string.Create(CultureInfo.InvariantCulture, $"SELECT COALESCE(GET_LOCK({name}, {LockSeconds}), 0);"), cancellationToken);
        if (got[0][0] != "1")
        {
            throw new SourceException(
                SourceError.TargetBusy, "Another process is working on this restore on the server. Wait until it has ended.");
        }
    }
}
