using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Larder.Systemd;

/// <summary>Where systemd listens to a service of <c>Type=notify</c>: sd_notify(3), as datagrams of lines. Safe for any thread.</summary>
internal sealed class NotifySocket : IDisposable
{
    private const string AddressVariable = "NOTIFY_SOCKET", WatchdogVariable = "WATCHDOG_USEC", WatchedVariable = "WATCHDOG_PID";

    // systemd takes what waits; a queue that stays full for so long means that it does not listen.
    private const int SendMillisecondsMax = 5000;

    private readonly Socket socket;
    private readonly UnixDomainSocketEndPoint address;

    /// <param name="address">A path, or with <c>@</c> a name in the abstract namespace.</param>
    /// <param name="watchdog">How long systemd waits for a sign of life before it kills and starts anew; null for ever.</param>
    public NotifySocket(string address, TimeSpan? watchdog)
    {
        this.address = new UnixDomainSocketEndPoint(address.StartsWith('@') ? $"\0{address[1..]}" : address);
        Watchdog = watchdog;
        socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendMillisecondsMax };
    }

    public TimeSpan? Watchdog { get; }

    /// <summary>
    /// The one that systemd named to this process; null where it did not. It is taken out of the environment, so that what this process
    /// starts does not speak for it: PostgreSQL, say, would.
    /// </summary>
    public static NotifySocket? Take()
    {
        var (address, watchdog, watched) = (TakeVariable(AddressVariable), TakeVariable(WatchdogVariable), TakeVariable(WatchedVariable));
        return Of(address, watchdog, watched);
    }

    /// <summary>As <see cref="Take"/>, from the values of the three variables.</summary>
    internal static NotifySocket? Of(string? address, string? watchdog, string? watched)
    {
        if (address is not ['/' or '@', _, ..])
        {
            return null; // None, or one of a kind that this system does not have.
        }
        var isMeant = watched is null || watched == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var isBounded = long.TryParse(watchdog, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0;
        return new NotifySocket(address, isMeant && isBounded ? TimeSpan.FromMicroseconds(microseconds) : null);
    }

    /// <summary>Tells systemd, all or nothing. The service goes on where nobody listens.</summary>
    /// <param name="lines">Such as <c>READY=1</c>.</param>
    /// <returns>Whether it was taken.</returns>
    public bool Tell(params IReadOnlyList<string> lines)
    {
        try
        {
            socket.SendTo(Encoding.UTF8.GetBytes(string.Join('\n', lines.Select(OneLine))), address);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    public void Dispose() => socket.Dispose();

    private static string OneLine(string line) => line.ReplaceLineEndings(" ");

    private static string? TakeVariable(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, null);
        return value is { Length: > 0 } ? value : null;
    }
}
