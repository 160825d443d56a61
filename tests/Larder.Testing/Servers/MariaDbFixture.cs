namespace Larder.Testing.Servers;

/// <summary>One MariaDB server for all tests of an assembly, started by the first that asks for it.</summary>
public sealed class MariaDbFixture : IAsyncDisposable
{
    private readonly Lazy<Task<MariaDbServer>> server = new(() => MariaDbServer.StartAsync());

    public Task<MariaDbServer> GetAsync() => server.Value;

    public async ValueTask DisposeAsync()
    {
        if (server.IsValueCreated && server.Value.IsCompletedSuccessfully)
        {
            await (await server.Value).DisposeAsync();
        }
    }
}
