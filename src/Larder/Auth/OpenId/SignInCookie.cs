using Microsoft.AspNetCore.Http;

namespace Larder.Auth.OpenId;

/// <summary>
/// What a browser has begun. It must come along when the provider sends the browser back, so it is Lax where the session's is Strict.
/// </summary>
internal static class SignInCookie
{
    private const string PlainName = "larder_sign_in";
    private const string HostName = "__Host-larder_sign_in";

    public static string? Read(HttpRequest request) => request.Cookies[NameFor(request.HttpContext)];

    public static void Write(HttpContext context, string sealedText) =>
        context.Response.Cookies.Append(NameFor(context), sealedText, OptionsFor(context, PendingSignIn.Lasts));

    public static void Remove(HttpContext context) => context.Response.Cookies.Delete(NameFor(context), OptionsFor(context, null));

    private static string NameFor(HttpContext context) => SessionCookie.IsPlain(context) ? PlainName : HostName;

    private static CookieOptions OptionsFor(HttpContext context, TimeSpan? maxAge) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = !SessionCookie.IsPlain(context),
        Path = "/",
        MaxAge = maxAge,
        IsEssential = true,
    };
}
