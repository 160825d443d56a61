using System.Net;
using System.Net.Sockets;

namespace Larder.Testing.Servers;

/// <summary>
/// Passes connections on to a port of this machine, and on request holds everything that comes back once so many bytes have: then "in the
/// middle of a dump" is a place and not a moment. Afterwards all goes on, or every connection is cut.
/// </summary>
public sealed class HoldingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource cut = new();
    private readonly Task accepting;
    private readonly int target;
    private volatile Gate? gate;

    public HoldingProxy(int target)
    {
        this.target = target;
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>
    /// Counts from now on. The task ends when more than so many bytes came back; from then on nothing does until <see cref="Release"/>.
    /// </summary>
    public Task HoldAfter(long bytes)
    {
        var next = new Gate(bytes);
        gate = next;
        return next.Held;
    }

    /// <summary>Lets what is held go on, and holds no more.</summary>
    public void Release() => Interlocked.Exchange(ref gate, null)?.Open();

    /// <summary>Cuts all connections, and takes no more.</summary>
    public async Task CutAsync()
    {
        await cut.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
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
            await await Task.WhenAny(there, PassBackAsync(server.GetStream(), client.GetStream()));
        }
    }

    private async Task PassBackAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer, cut.Token)) > 0)
        {
            if (gate is { } current)
            {
                await current.PassAsync(count, cut.Token);
            }
            await to.WriteAsync(buffer.AsMemory(0, count), cut.Token);
        }
    }

    private sealed class Gate(long bytes)
    {
        private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long left = bytes;

        public Task Held => held.Task;

        public void Open() => opened.TrySetResult();

        public async Task PassAsync(int count, CancellationToken cancellationToken)
        {
            if (Interlocked.Add(ref left, -count) < 0)
            {
                held.TrySetResult();
                await opened.Task.WaitAsync(cancellationToken);
            }
        }
    }
}
