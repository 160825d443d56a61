using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Larder.Daemon;

/// <summary>
/// Whether the service turns: its scheduler looks, its queue can be asked, its web server answers. For whoever restarts it.
/// </summary>
/// <param name="timekeeper">The scheduler's loop.</param>
/// <param name="queue">What runs and waits.</param>
/// <param name="jobs">How many jobs are configured now.</param>
/// <param name="addresses">Where the web server answers, such as <c>http://127.0.0.1:8420</c>.</param>
internal sealed class Pulse(
    Timekeeper timekeeper, RunQueue queue, Func<int> jobs, Func<IReadOnlyList<string>> addresses)
{
    /// <summary>The timekeeper is woken every minute; one wake-up may come late.</summary>
    public static readonly TimeSpan TurnAgeMax = TimeSpan.FromSeconds(150);

    /// <summary>
    /// What stands still, in a sentence; null where all turns. A look that failed is a turn: a full disk is not cured by a restart.
    /// It may wait for ever where the queue does.
    /// </summary>
    public async Task<string?> FindStandstillAsync(CancellationToken cancellationToken)
    {
        if (timekeeper.SinceLastTurn > TurnAgeMax)
        {
            return "The scheduler stands still.";
        }
        _ = queue.List();
        return addresses() is [var address, ..] && !await AnswersAsync(new Uri(address), cancellationToken)
            ? "The web server does not answer."
            : null;
    }

    /// <summary>What goes on, in a sentence.</summary>
    public string Status
    {
        get
        {
            var entries = queue.List();
            var running = entries.Count(entry => entry.IsRunning);
            List<string> words = [jobs() == 1 ? "1 job" : $"{jobs()} jobs", running == 0 ? "idle" : $"{running} running"];
            words.AddRange(entries.Count > running ? [$"{entries.Count - running} waiting"] : []);
            var next = timekeeper.Next is [var first, ..]
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"{TimeZoneInfo.ConvertTime(first.Due, first.Recurrence.Zone):yyyy-MM-dd HH:mm} {first.Recurrence.Zone.Id}, "
                    + $"{first.Recurrence.Kind.ToString().ToLowerInvariant()} of {first.Recurrence.Job}")
                : "nothing";
            return $"{string.Join(", ", words)}; next: {next}.";
        }
    }

    /// <summary>
    /// Whether anything is done with a connection, be it to close it: a server that has as many as it takes lives, and whoever takes
    /// them all shall not have it restarted. One with a certificate closes it because it hears no TLS.
    /// </summary>
    private static async Task<bool> AnswersAsync(Uri address, CancellationToken cancellationToken)
    {
        var host = IPAddress.Parse(address.Host.Trim('[', ']'));
        host = host.Equals(IPAddress.Any) ? IPAddress.Loopback : host.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : host;
        using var client = new TcpClient(host.AddressFamily);
        try
        {
            await client.ConnectAsync(new IPEndPoint(host, address.Port), cancellationToken);
        }
        catch (SocketException)
        {
            return false;
        }
        try
        {
            await using var stream = client.GetStream();
            await stream.WriteAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray(), cancellationToken);
            _ = await stream.ReadAsync(new byte[64], cancellationToken);
        }
        catch (IOException)
        {
            // It was cut off, so somebody is there.
        }
        return true;
    }
}
