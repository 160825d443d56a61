using System.Net;
using Larder.Engine.Configuration;
using Microsoft.AspNetCore.Http;

namespace Larder.Auth;

/// <summary>
/// What a proxy in front says of whom it forwards for. It is believed only from the configured addresses; anybody can write such headers.
/// </summary>
internal static class TrustedProxy
{
    private static readonly object Marker = new();

    /// <summary>Whether the request came by way of one of the configured proxies.</summary>
    public static bool IsOne(LarderConfiguration configuration, HttpContext context) =>
        context.Items.ContainsKey(Marker) || IsConfigured(configuration, context.Connection.RemoteIpAddress);

    /// <summary>Puts in the address and scheme of who is behind a proxy: the last that the proxy itself added.</summary>
    public static Task ReadAsync(Func<LarderConfiguration> configuration, HttpContext context, RequestDelegate next)
    {
        var settings = configuration();
        if (IsConfigured(settings, context.Connection.RemoteIpAddress))
        {
            context.Items[Marker] = true;
            var scheme = Last(context.Request.Headers["X-Forwarded-Proto"].ToString());
            if (scheme is "https" or "http")
            {
                context.Request.Scheme = scheme;
            }
            if (IPAddress.TryParse(Last(context.Request.Headers["X-Forwarded-For"].ToString()), out var address))
            {
                context.Connection.RemoteIpAddress = address;
            }
        }
        return next(context);
    }

    private static bool IsConfigured(LarderConfiguration configuration, IPAddress? address) =>
        address is not null && configuration.Http.Proxies.Any(proxy => Same(IPAddress.Parse(proxy), address));

    private static bool Same(IPAddress one, IPAddress other) =>
        one.Equals(other) || (other.IsIPv4MappedToIPv6 && one.Equals(other.MapToIPv4()));

    private static string Last(string list) => list[(list.LastIndexOf(',') + 1)..].Trim();
}
