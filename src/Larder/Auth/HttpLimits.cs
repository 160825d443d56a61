using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Larder.Auth;

/// <summary>How large and how slow a request may be. What is beyond is refused before any of Larder's code sees it.</summary>
internal static class HttpLimits
{
    public const long BodyBytesMax = 1 << 20;
    public const int HeaderBytesMax = 16 << 10;

    public static void Set(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = BodyBytesMax;
        limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 8 << 10;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);

        // Who sends or takes less than this for five seconds is cut off; one client holds a connection and some kilobytes, no thread.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MaxConcurrentConnections = 500;
        limits.MaxConcurrentUpgradedConnections = 100;
        limits.Http2.MaxStreamsPerConnection = 50;
    }
}
