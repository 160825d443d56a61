using System.Net;
using Larder.Engine.Access;
using Microsoft.AspNetCore.Http;

namespace Larder.Auth;

/// <summary>The cookie of a session. No script can read it, no other site have it sent, and it crosses no network in the clear.</summary>
internal static class SessionCookie
{
    private const string PlainName = "larder_session";

    // The prefix makes browsers refuse it from another host, without Secure, or for a part of the site.
    private const string HostName = "__Host-larder_session";

    public static string? Read(HttpRequest request) =>
        request.Cookies[HostName] ?? (IsWithinMachine(request.HttpContext) ? request.Cookies[PlainName] : null);

    public static void Write(HttpContext context, string secret) =>
        context.Response.Cookies.Append(NameFor(context), secret, OptionsFor(context, SessionStore.AgeMax));

    public static void Remove(HttpContext context) =>
        context.Response.Cookies.Delete(NameFor(context), OptionsFor(context, null));

    /// <summary>Whether there is no network between, where browsers take no Secure cookie.</summary>
    public static bool IsPlain(HttpContext context) => !context.Request.IsHttps && IsWithinMachine(context);

    private static string NameFor(HttpContext context) => IsPlain(context) ? PlainName : HostName;

    private static CookieOptions OptionsFor(HttpContext context, TimeSpan? maxAge) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = NameFor(context) == HostName,
        Path = "/",
        MaxAge = maxAge,
        IsEssential = true,
    };

    // Without a network between, and where browsers take no Secure cookie.
    private static bool IsWithinMachine(HttpContext context) =>
        !context.Request.IsHttps && context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);
}
