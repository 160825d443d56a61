using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Larder.Auth;

/// <summary>How large and how slow a request may be. What is beyond is refused before any of Larder's code sees it.</summary>
internal sealed record HttpLimits
{
    public const long BodyBytesMax = 1 << 20;
    public const int HeaderBytesMax = 16 << 10;

    public static HttpLimits Usual { get; } = new();

    /// <summary>From the first byte of a request to the end of its headers.</summary>
    public TimeSpan HeadersMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Who sends a body with fewer bytes a second than this is cut off, once <see cref="Grace"/> is over; until then it holds a connection
    /// and some kilobytes, no thread.
    /// </summary>
    public double SentBytesPerSecondMin { get; init; } = 240;

    /// <summary>
    /// Who takes less of an answer is cut off. Kestrel counts from the first byte, and the kernel holds some megabytes: a download of which
    /// nothing is taken ends after a quarter of an hour, and with it its lock on the repository. 240 would have let it stand for hours.
    /// </summary>
    public double TakenBytesPerSecondMin { get; init; } = 4096;

    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    public void Set(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = BodyBytesMax;
        limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 8 << 10;
        limits.RequestHeadersTimeout = HeadersMax;
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        limits.MinRequestBodyDataRate = new MinDataRate(SentBytesPerSecondMin, Grace);
        limits.MinResponseDataRate = new MinDataRate(TakenBytesPerSecondMin, Grace);
        limits.MaxConcurrentConnections = 500;
        limits.MaxConcurrentUpgradedConnections = 100;
        limits.Http2.MaxStreamsPerConnection = 50;
    }
}
