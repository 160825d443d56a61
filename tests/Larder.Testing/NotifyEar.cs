using System.Net.Sockets;
using System.Text;

namespace Larder.Testing;

/// <summary>Where a service tells systemd how it is: a datagram socket of the kind that systemd opens.</summary>
public sealed class NotifyEar : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder folder = new();
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly byte[] buffer = new byte[4096];

    /// <param name="isAbstract">Whether it has a name in the abstract namespace instead of a file.</param>
    public NotifyEar(bool isAbstract = false)
    {
        Address = isAbstract ? $"@larder-test-{Guid.NewGuid():n}" : folder["notify"];
        socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? $"\0{Address[1..]}" : Address));
    }

    /// <summary>For <c>NOTIFY_SOCKET</c>.</summary>
    public string Address { get; }

    /// <summary>The next that is said.</summary>
    public async Task<string> HearAsync()
    {
        var count = await socket.ReceiveAsync(buffer).WaitAsync(Patience, TimeProvider.System);
        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    /// <summary>The next that begins so; what is said before it is passed over.</summary>
    public async Task<string> HearAsync(string beginning)
    {
        while (true)
        {
            var said = await HearAsync();
            if (said.StartsWith(beginning, StringComparison.Ordinal))
            {
                return said;
            }
        }
    }

    /// <summary>What was said and not heard yet; nothing where nothing was.</summary>
    public string Waiting() => Encoding.UTF8.GetString(buffer, 0, socket.Available > 0 ? socket.Receive(buffer) : 0);

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        await folder.DisposeAsync();
    }
}
