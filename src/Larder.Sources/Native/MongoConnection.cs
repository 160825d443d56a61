using System.Runtime.InteropServices;

namespace Larder.Sources.Native;

/// <summary>
/// One connection to one server, with one session and one thread on which the driver blocks. Commands and answers are raw BSON. Commands
/// that are asked for at once are run one after another; for work side by side open several connections of one
/// <see cref="MongoDeployment"/>.
/// </summary>
internal sealed class MongoConnection : IAsyncDisposable
{
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromSeconds(2);

    private readonly MongoDeployment deployment;
    private readonly DedicatedThread thread;
    private readonly Mongoc.ClientHandle client;
    private readonly Mongoc.SessionHandle? session; // None on a server that is not yet a member of its replica set.
    private readonly Mongoc.BsonHandle options;
    private readonly byte[]? sessionId;
    private Task last = Task.CompletedTask;
    private int disposed;

    private MongoConnection(
        MongoDeployment deployment,
        DedicatedThread thread,
        Mongoc.ClientHandle client,
        Mongoc.SessionHandle? session,
        Mongoc.BsonHandle options)
    {
        this.deployment = deployment;
        this.thread = thread;
        this.client = client;
        this.session = session;
        this.options = options;
        sessionId = session is null ? null : Mongoc.Read(Mongoc.SessionId(session.DangerousGetHandle())).ToArray();
    }

    /// <summary>The server's <c>host:port</c>.</summary>
    public required string Host { get; init; }

    /// <summary><c>Standalone</c>, <c>RSPrimary</c>, <c>RSSecondary</c>, <c>Mongos</c>, …</summary>
    public required string ServerType { get; init; }

    /// <summary>What the server said of itself when it was found (<c>hello</c>), as BSON.</summary>
    public required ReadOnlyMemory<byte> Hello { get; init; }

    public static async Task<MongoConnection> OpenAsync(MongoDeployment deployment, string? host, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var thread = new DedicatedThread("mongodb");
        var opening = thread.RunAsync(() => Open(deployment, thread, host));
        try
        {
            return await opening.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _ = opening.ContinueWith(
                async late => await (await late).DisposeAsync(),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion,
                TaskScheduler.Default);
            throw;
        }
        finally
        {
            if (!opening.IsCompletedSuccessfully)
            {
                thread.Dispose();
            }
        }
    }

    /// <summary>
    /// Runs one command and returns the server's answer, which the caller disposes. Fails with <see cref="MongoException"/> where the
    /// answer is not <c>ok: 1</c>; errors inside a good answer, such as <c>writeErrors</c> of an insert, are for the caller to look at.
    /// When cancelled, the server is told to end what runs, and buffers of <paramref name="command"/> must not be used again.
    /// </summary>
    public async Task<MongoReply> RunAsync(string database, ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        cancellationToken.ThrowIfCancellationRequested();
        var running = thread.RunAsync(() => Run(database, command));
        last = running;
        try
        {
            return await running.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            DisposeWhenDone(running);
            await EndRunningAsync();
            throw;
        }
    }

    public Task StartTransactionAsync() => Last(thread.RunAsync(StartTransaction));

    public Task CommitTransactionAsync() => Last(thread.RunAsync(CommitTransaction));

    public Task AbortTransactionAsync() => Last(thread.RunAsync(AbortTransaction));

    /// <summary>Ends what runs, if anything does, and closes the connection. Takes no longer than a few seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }
        if (!last.IsCompleted)
        {
            await EndRunningAsync();
        }
        // On its thread, for a session ends with a word to the server; after what may still run there.
        var closing = thread.RunAsync(() =>
        {
            options.Dispose();
            session?.Dispose();
            client.Dispose();
            return true;
        });
        thread.Dispose();
        await Task.WhenAny(closing, Task.Delay(CancellationGrace, TimeProvider.System));
    }

    private static unsafe MongoConnection Open(MongoDeployment deployment, DedicatedThread thread, string? host)
    {
        Span<byte> error = stackalloc byte[Mongoc.ErrorBytes];
        error.Clear();
        fixed (byte* failure = error)
        {
            var client = deployment.NewClient();
            try
            {
                var server = FindServer(deployment, client, host, failure);
                try
                {
                    return Open(deployment, thread, client, server, failure);
                }
                finally
                {
                    Mongoc.DestroyServer(server);
                }
            }
            catch (MongoException)
            {
                client.Dispose();
                throw;
            }
        }
    }

    /// <summary>Looks at the servers and takes one that fits, or the named one.</summary>
    /// <returns>Its description, for the caller to destroy.</returns>
    private static unsafe nint FindServer(MongoDeployment deployment, Mongoc.ClientHandle client, string? host, byte* failure)
    {
        var selected = Mongoc.SelectServer(client.DangerousGetHandle(), false, deployment.ReadPreference, failure);
        if (selected == 0)
        {
            throw deployment.Describe(new ReadOnlySpan<byte>(failure, Mongoc.ErrorBytes), default);
        }
        if (host is null || IsAt(selected, host))
        {
            return selected;
        }
        Mongoc.DestroyServer(selected);
        var known = Mongoc.GetServers(client.DangerousGetHandle(), out var count);
        try
        {
            for (nuint i = 0; i < count; i++)
            {
                if (IsAt(known[i], host))
                {
                    return Mongoc.CopyServer(known[i]);
                }
            }
        }
        finally
        {
            Mongoc.DestroyServers(known, count);
        }
        throw new MongoException(MongoErrorDomain.ServerSelection, 0, $"{host} does not belong to the deployment any more", default);
    }

    private static bool IsAt(nint server, string host) => MongoDeployment.HostAndPort(Mongoc.ServerHost(server)) == host;

    private static unsafe MongoConnection Open(
        MongoDeployment deployment, DedicatedThread thread, Mongoc.ClientHandle client, nint server, byte* failure)
    {
        var session = StartSession(deployment, client, failure);
        var options = new Mongoc.BsonHandle();
        var bson = options.DangerousGetHandle();
        if (session is not null && !Mongoc.AppendSession(session.DangerousGetHandle(), bson, failure))
        {
            options.Dispose();
            session.Dispose();
            throw deployment.Describe(new ReadOnlySpan<byte>(failure, Mongoc.ErrorBytes), default);
        }
        // A cursor lives on one server, so all commands of a connection go to the server that it began with.
        var serverId = (int)Mongoc.ServerId(server);
        Mongoc.AppendInt32(bson, "serverId", -1, serverId);
        return new MongoConnection(deployment, thread, client, session, options)
        {
            Host = MongoDeployment.HostAndPort(Mongoc.ServerHost(server)),
            ServerType = Marshal.PtrToStringUTF8(Mongoc.ServerType(server)) ?? "",
            Hello = Mongoc.Read(Mongoc.ServerHello(server)).ToArray(),
        };
    }

    private static unsafe Mongoc.SessionHandle? StartSession(MongoDeployment deployment, Mongoc.ClientHandle client, byte* failure)
    {
        var options = Mongoc.NewSessionOptions();
        Mongoc.SetCausalConsistency(options, false); // Which moment is read is said in the commands.
        var session = Mongoc.StartSession(client.DangerousGetHandle(), options, failure);
        Mongoc.DestroySessionOptions(options);
        if (session != 0)
        {
            return new Mongoc.SessionHandle(client, session);
        }
        var error = deployment.Describe(new ReadOnlySpan<byte>(failure, Mongoc.ErrorBytes), default);
        return error is { Domain: MongoErrorDomain.Client, Code: Mongoc.ErrorSessionFailure } ? null : throw error;
    }

    private unsafe MongoReply Run(string database, ReadOnlyMemory<byte> command)
    {
        Span<byte> error = stackalloc byte[Mongoc.ErrorBytes];
        error.Clear();
        var storage = stackalloc byte[2 * Mongoc.BsonBytes]; // A bson_t is aligned to its own length.
        var bson = (byte*)(((nint)storage + Mongoc.BsonBytes - 1) & ~(nint)(Mongoc.BsonBytes - 1));
        var reply = new Mongoc.BsonHandle();
        using var pinned = command.Pin();
        fixed (byte* failure = error)
        {
            if (!Mongoc.InitStaticBson(bson, (byte*)pinned.Pointer, (nuint)command.Length))
            {
                reply.Dispose();
                throw new ArgumentException("The command is not one whole BSON document.", nameof(command));
            }
            if (!Mongoc.Command(
                client.DangerousGetHandle(),
                database,
                bson,
                deployment.ReadPreference.DangerousGetHandle(),
                options.DangerousGetHandle(),
                reply.DangerousGetHandle(),
                failure))
            {
                using (reply)
                {
                    throw deployment.Describe(error, reply.Bytes.ToArray());
                }
            }
        }
        return new MongoReply(reply);
    }

    private Mongoc.SessionHandle Session =>
        session ?? throw new InvalidOperationException($"{Host} knows no sessions and so no transactions.");

    private unsafe bool InTransaction(TransactionStep step)
    {
        Span<byte> error = stackalloc byte[Mongoc.ErrorBytes];
        error.Clear();
        using var reply = new Mongoc.BsonHandle();
        fixed (byte* failure = error)
        {
            return step(Session.DangerousGetHandle(), reply.DangerousGetHandle(), failure)
                ? true
                : throw deployment.Describe(error, reply.Bytes.ToArray());
        }
    }

    private unsafe bool StartTransaction() => InTransaction((session, _, failure) => Mongoc.StartTransaction(session, 0, failure));

    private unsafe bool CommitTransaction() =>
        InTransaction((session, reply, failure) => Mongoc.CommitTransaction(session, reply, failure));

    private unsafe bool AbortTransaction() => InTransaction((session, _, failure) => Mongoc.AbortTransaction(session, failure));

    private unsafe delegate bool TransactionStep(nint session, nint reply, byte* failure);

    private Task Last(Task task) => last = task;

    // Asks the server, on another connection, to end what this session runs, and waits a moment for the answer. A server that
    // does not even hear that is left to the driver's own time-out; the thread and the client are freed when it comes.
    private async Task EndRunningAsync()
    {
        if (sessionId is not { } id)
        {
            return;
        }
        var killing = new DedicatedThread("mongodb-kill");
        try
        {
            var killed = killing.RunAsync(() =>
            {
                using var other = deployment.NewClient();
                KillSession(other, id);
                return true;
            });
            await Task.WhenAny(Task.WhenAll(killed, last), Task.Delay(CancellationGrace, TimeProvider.System));
        }
        finally
        {
            killing.Dispose();
        }
    }

    private unsafe void KillSession(Mongoc.ClientHandle other, byte[] id)
    {
        var command = KillSessionsCommand(id);
        var storage = stackalloc byte[2 * Mongoc.BsonBytes];
        var bson = (byte*)(((nint)storage + Mongoc.BsonBytes - 1) & ~(nint)(Mongoc.BsonBytes - 1));
        var failure = stackalloc byte[Mongoc.ErrorBytes];
        using var reply = new Mongoc.BsonHandle();
        using var server = new Mongoc.BsonHandle();
        fixed (byte* data = command)
        {
            Mongoc.InitStaticBson(bson, data, (nuint)command.Length);
            var there = FindServer(deployment, other, Host, failure);
            var found = Mongoc.AppendInt32(server.DangerousGetHandle(), "serverId", -1, (int)Mongoc.ServerId(there));
            Mongoc.DestroyServer(there);
            // Whether it worked shows in the call that it was to end.
            _ = found && Mongoc.Command(
                other.DangerousGetHandle(),
                "admin",
                bson,
                deployment.ReadPreference.DangerousGetHandle(),
                server.DangerousGetHandle(),
                reply.DangerousGetHandle(),
                failure);
        }
    }

    // {killSessions: [id]}
    private static byte[] KillSessionsCommand(byte[] id)
    {
        byte[] array = [.. "0000\u00030\0"u8, .. id, 0];
        BitConverter.TryWriteBytes(array, array.Length);
        byte[] command = [.. "0000\u0004killSessions\0"u8, .. array, 0];
        BitConverter.TryWriteBytes(command, command.Length);
        return command;
    }

    private static void DisposeWhenDone(Task<MongoReply> running) => _ = running.ContinueWith(
        async late => (await late).Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
}
