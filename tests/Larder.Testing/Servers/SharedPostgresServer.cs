namespace Larder.Testing.Servers;

/// <summary>One PostgreSQL cluster for all tests of an assembly, started when the first of them asks for it. An assembly fixture.</summary>
public sealed class SharedPostgresServer : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private PostgresServer? server;
    private int databases;

    /// <summary>The running server; it stays the fixture's.</summary>
    public async Task<PostgresServer> GetAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            return server ??= await PostgresServer.StartAsync(cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>A name that no other test's database has.</summary>
    public string NameDatabase(string prefix) => $"{prefix}_{Interlocked.Increment(ref databases)}";

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
        gate.Dispose();
    }
}
