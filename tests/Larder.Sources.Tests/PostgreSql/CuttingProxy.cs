using System.Net;
using System.Net.Sockets;

namespace Larder.Sources.Tests.PostgreSql;

/// <summary>Passes connections on to a port of this machine, and cuts all of them when so many bytes have come back.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource cut = new();
    private readonly Task accepting;
    private readonly int target;
    private long left;

    public CuttingProxy(int target, long cutAfterBytes)
    {
        this.target = target;
        left = cutAfterBytes;
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        await cut.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cut.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(PassAsync(await listener.AcceptTcpClientAsync(cut.Token)));
            }
        }
        finally
        {
            await Task.WhenAll(connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        using (client)
        {
            using var server = new TcpClient();
            await server.ConnectAsync(IPAddress.Loopback, target, cut.Token);
            var there = client.GetStream().CopyToAsync(server.GetStream(), cut.Token);
            await await Task.WhenAny(there, CountAsync(server.GetStream(), client.GetStream()));
        }
    }

    private async Task CountAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer, cut.Token)) > 0)
        {
            if (Interlocked.Add(ref left, -count) < 0)
            {
                await cut.CancelAsync();
            }
            await to.WriteAsync(buffer.AsMemory(0, count), cut.Token);
        }
    }
}
