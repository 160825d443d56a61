using System.Net;

namespace Larder.Engine.Configuration;

/// <summary>What `larder serve` goes by.</summary>
public sealed record ServeSettings
{
    public const int PortByDefault = 8420;
    public const int ParallelRunsByDefault = 2;
    public static readonly TimeSpan StopWaitByDefault = TimeSpan.FromSeconds(60);

    /// <summary>Where it answers; on this machine alone unless somebody said otherwise.</summary>
    public IReadOnlyList<IPEndPoint> Listen { get; init; } = [new(IPAddress.Loopback, PortByDefault)];

    /// <summary>How many runs there may be at once, of all jobs.</summary>
    public int ParallelRunsMax { get; init; } = ParallelRunsByDefault;

    /// <summary>How long running runs may go on when the service is stopped, before they are cancelled.</summary>
    public TimeSpan StopWait { get; init; } = StopWaitByDefault;

    /// <summary>Reads <c>127.0.0.1:8420</c>, <c>[::1]:8420</c> or <c>localhost:8420</c>; port 0 takes any that is free.</summary>
    public static bool TryParseListen(string? text, out IPEndPoint? address)
    {
        address = null;
        var at = text?.LastIndexOf(':') ?? -1;
        if (at < 1 || !ushort.TryParse(text![(at + 1)..], System.Globalization.NumberStyles.None, null, out var port))
        {
            return false;
        }
        var host = text[..at];
        if (host == "localhost")
        {
            address = new IPEndPoint(IPAddress.Loopback, port);
            return true;
        }
        // Without brackets nobody could tell the port from the last group of an IPv6 address.
        var isBracketed = host is ['[', .., ']'];
        if (!IPAddress.TryParse(isBracketed ? host[1..^1] : host, out var found) || isBracketed != host.Contains(':'))
        {
            return false;
        }
        address = new IPEndPoint(found, port);
        return true;
    }
}
