using System.Net;
using System.Security.Cryptography;
using System.Text;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Auth;

/// <summary>
/// Whom a request is let through for. It stands behind routing, so it knows what the route needs: a route that does not say lets nobody in.
/// </summary>
/// <param name="catalog">Users, tokens, sessions and the audit log.</param>
/// <param name="configuration">As it is now; asked for each request.</param>
/// <param name="limits">How many requests are taken.</param>
/// <param name="clock">For what expires.</param>
internal sealed class Gate(CatalogDatabase catalog, Func<LarderConfiguration> configuration, RequestLimits limits, TimeProvider clock)
{
    private readonly byte[] proxyKey = RandomNumberGenerator.GetBytes(32);
    private (IReadOnlyList<JwtSettings> Settings, IReadOnlyList<JwtVerifier> Verifiers) jwt = ([], []);

    public AuditLog Audit { get; } = new(catalog);

    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        EnsureOwnHost(context.Request);
        var needs = context.GetEndpoint()?.Metadata.GetMetadata<Needs>();
        var caller = await CallerOfAsync(context);
        if (caller is null ? !limits.TakesFromStranger(AddressOf(context)) : !limits.TakesFromKnown(caller.Key))
        {
            throw TooMany();
        }
        if (needs is null)
        {
            throw new LarderException(EngineError.UnknownAddress, "There is nothing under this address.");
        }
        if (!needs.IsForAnybody)
        {
            Ensure(context, needs, caller);
        }
        if (caller is not null)
        {
            context.Features.Set(caller);
        }
        await next(context);
    }

    public static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "unknown";

    /// <summary>What is refused is written down: who tries doors leaves a trace.</summary>
    public void NoteRefusal(HttpContext context, Caller? caller, string action, string details) => Audit.Append(new AuditEvent
    {
        Actor = caller?.Name ?? "anonymous",
        Way = caller?.WayText ?? "none",
        Address = AddressOf(context),
        Action = action,
        Target = $"{context.Request.Method} {context.Request.Path}",
        Outcome = AuditOutcome.Refused,
        Details = details,
    });

    private void Ensure(HttpContext context, Needs needs, Caller? caller)
    {
        if (caller is null)
        {
            throw new LarderException(EngineError.NotAuthenticated, "Nobody is logged in, and the request brings no token.");
        }
        if (!needs.AreMetBy(caller))
        {
            NoteRefusal(context, caller, "access", $"the role {caller.Role}, or the token, does not allow it");
            throw new LarderException(
                EngineError.NotAllowed,
                needs.Role is { } role && caller.Role > role
                    ? $"This needs the role {AccessWords.Of(role)}, and \"{caller.Name}\" is {Article(caller.Role)}."
                    : needs.Jobs == JobRule.All && caller.Jobs is not null
                        ? "This token is for single jobs, and the request concerns all of them."
                        : $"This token has not the scope {(needs.Scope is { } scope ? AccessWords.Of(scope) : "")}.");
        }
        if (caller.CsrfToken is { } expected && !IsHarmless(context.Request) && !HasProof(context.Request, expected))
        {
            NoteRefusal(context, caller, "access", "no proof that it came from Larder's own page");
            throw new LarderException(EngineError.ForgedRequest, "A change with a session needs the header X-CSRF-Token.");
        }
    }

    private static string Article(Role role) => $"{(role is Role.Viewer ? "a" : "an")} {AccessWords.Of(role)}";

    private static bool IsHarmless(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);

    private static bool HasProof(HttpRequest request, string expected) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin"
        && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(request.Headers["X-CSRF-Token"].ToString()), Encoding.UTF8.GetBytes(expected));

    private async ValueTask<Caller?> CallerOfAsync(HttpContext context)
    {
        var authorization = context.Request.Headers.Authorization;
        if (authorization.Count > 0)
        {
            return await OfBearerAsync(context, authorization.ToString());
        }
        if (SessionCookie.Read(context.Request) is { Length: > 0 and < 200 } secret)
        {
            return new SessionStore(catalog).Find(secret) is { } user
                ? new Caller { Name = user.Name, Role = user.Role, Way = CallerWay.Session, CsrfToken = SessionStore.CsrfTokenOf(secret) }
                : null; // A session that is over is no attack: the page asks to log in.
        }
        return OfProxy(context);
    }

    private async ValueTask<Caller?> OfBearerAsync(HttpContext context, string authorization)
    {
        const string Scheme = "Bearer ";
        var (caller, refusal) = authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? await OfTokenAsync(authorization[Scheme.Length..].Trim(), context.RequestAborted)
            : (null, "it is no bearer token");
        if (caller is not null)
        {
            return caller;
        }
        if (!limits.TakesWrongToken(AddressOf(context)))
        {
            throw TooMany(); // Not written down any more: nobody shall fill a disk so.
        }
        NoteRefusal(context, null, "authentication", $"the token was not taken: {refusal}");
        throw new LarderException(EngineError.NotAuthenticated, "The token is not valid.");
    }

    private async ValueTask<(Caller? Caller, string? Refusal)> OfTokenAsync(string token, CancellationToken cancellationToken)
    {
        if (token.StartsWith(TokenStore.Prefix, StringComparison.Ordinal))
        {
            return token.Length < 200 && new TokenStore(catalog).Use(token) is { } used
                ? (new Caller
                {
                    Name = used.User.Name,
                    Role = used.User.Role,
                    Way = CallerWay.Token,
                    Scopes = used.Token.Scopes,
                    Jobs = used.Token.Jobs,
                    TokenId = used.Token.Id,
                }, null)
                : (null, "no token, or one that is over or revoked");
        }
        var refusal = "nobody here signs tokens";
        foreach (var verifier in Verifiers())
        {
            (var caller, refusal) = await verifier.VerifyAsync(token, cancellationToken);
            if (caller is not null)
            {
                return (caller, null);
            }
        }
        return (null, refusal);
    }

    private IReadOnlyList<JwtVerifier> Verifiers()
    {
        var settings = configuration().Access.Jwt;
        var known = jwt;
        if (!ReferenceEquals(known.Settings, settings))
        {
            jwt = known = (settings, [.. settings.Select(one => new JwtVerifier(one, clock))]);
        }
        return known.Verifiers;
    }

    /// <summary>A user whom a proxy let in; the header counts from the configured proxies alone, and the role is Larder's own.</summary>
    private Caller? OfProxy(HttpContext context)
    {
        var settings = configuration();
        if (settings.Access.UserHeader is not { } header || context.Request.Headers[header].ToString() is not { Length: > 0 and <= 64 } name
            || !TrustedProxy.IsOne(settings, context) || new UserStore(catalog).Find(name) is not { IsDisabled: false } user)
        {
            return null;
        }
        var proof = Convert.ToHexStringLower(HMACSHA256.HashData(proxyKey, Encoding.UTF8.GetBytes(user.Name)));
        return new Caller { Name = user.Name, Role = user.Role, Way = CallerWay.Proxy, CsrfToken = proof };
    }

    /// <summary>
    /// A page of a stranger can have its own name lead to this machine. The name that a browser asks for must be one of ours.
    /// </summary>
    private void EnsureOwnHost(HttpRequest request)
    {
        var host = request.Host.Host.Trim('[', ']');
        var settings = configuration();
        if (!IPAddress.TryParse(host, out _) && host is not "localhost" && !Is(host, HostOf(settings.Http.Url))
            && !Is(host, HostOf(settings.Access.OpenId?.PublicUrl)) && !Is(host, Environment.MachineName))
        {
            throw new LarderException(EngineError.RequestRefused, "The request asks for a host that is not this one.")
            {
                Hint = "set http.url to the address by which people reach Larder.",
            };
        }
    }

    private static string? HostOf(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var known) ? known.IdnHost : null;

    private static bool Is(string host, string? name) => string.Equals(host, name, StringComparison.OrdinalIgnoreCase);

    private static LarderException TooMany() => new(EngineError.TooManyRequests, "Too many requests in a short time.");
}
