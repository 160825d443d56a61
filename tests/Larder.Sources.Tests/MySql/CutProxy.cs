using System.Net;
using System.Net.Sockets;

namespace Larder.Sources.Tests.MySql;

/// <summary>Stands between a client and a server on this machine until the connections are cut.</summary>
internal sealed class CutProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource cutting = new();
    private readonly int target;
    private readonly Task accepting;

    public CutProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async Task CutAsync()
    {
        await cutting.CancelAsync();
        listener.Stop();
        await accepting;
    }

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        cutting.Dispose();
        listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(cutting.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, target, cutting.Token);
            await Task.WhenAny(
                near.GetStream().CopyToAsync(far.GetStream(), cutting.Token), far.GetStream().CopyToAsync(near.GetStream(), cutting.Token));
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException)
        {
            // Cut, or ended by one of the two.
        }
    }
}
