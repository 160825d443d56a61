using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Larder.Engine.Access;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace Larder.Auth.OpenId;

/// <summary>
/// Signing in by way of the identity provider: an authorization code with PKCE, bound to the browser that began. Nothing is kept here of
/// what was begun but a cookie of the browser's, so nobody can fill a table with beginnings.
/// </summary>
internal sealed class SignIn(Func<LarderConfiguration> configuration, TimeProvider clock) : IDisposable
{
    public const string BeginPath = "/api/session/oidc";
    public const string EndPath = "/api/session/oidc/callback";

    private const int ReturnLengthMax = 500;

    // A code of some providers is a sealed document of its own.
    private const int CodeLengthMax = 4096;

    // Ends within ten minutes: 20 at once and one in two seconds from an address, so this is full from 30 addresses that do nothing else.
    private const int EndedMax = 10_000;

    private readonly PendingSeal seal = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> ended = new(StringComparer.Ordinal);
    private readonly Lock choosing = new();
    private (OpenIdSettings Settings, IdentityProvider Provider)? current;

    /// <summary>Begins: gives the browser its cookie, and says where it is to go.</summary>
    /// <param name="context">The browser's request.</param>
    /// <param name="returnTo">Where to go after; a path of Larder's, or null.</param>
    /// <param name="loggedInAs">As whom the browser has a session.</param>
    /// <param name="cancellationToken">The browser has gone.</param>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownAddress"/>: no provider is configured;
    /// <see cref="EngineError.UsageInvalid"/>; <see cref="EngineError.IdentityProviderFailed"/>.</exception>
    public async Task<string> BeginAsync(HttpContext context, string? returnTo, string? loggedInAs, CancellationToken cancellationToken)
    {
        var (settings, provider) = Current();
        var pending = new PendingSignIn
        {
            State = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32)),
            Nonce = provider.NewNonce(),
            Verifier = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32)),
            Callback = OriginOf(context, settings) + EndPath,
            Return = LocalPath(returnTo ?? "/api/session"),
            LoggedInAs = loggedInAs,
            ExpiresAt = clock.GetUtcNow() + PendingSignIn.Lasts,
        };
        var address = await provider.AddressForAsync(pending, cancellationToken);
        SignInCookie.Write(context, seal.Seal(pending));
        return address;
    }

    /// <summary>Ends: believes the provider's answer, or does not. An answer to what this browser began uses that up either way.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownAddress"/>; <see cref="EngineError.SignInRefused"/>;
    /// <see cref="EngineError.IdentityProviderFailed"/>.</exception>
    public async Task<(ProviderPerson Person, PendingSignIn Pending)> EndAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var (_, provider) = Current();
        var pending = Take(context);
        var query = context.Request.Query;
        if (!await provider.IsAnswererAsync(One(query, "iss"), cancellationToken))
        {
            throw Refused("The answer is not of the configured identity provider.");
        }
        if (One(query, "error") is { } error)
        {
            throw Refused($"The identity provider did not let the person in: {IdentityProvider.WordOf(error)}.");
        }
        return One(query, "code") is { } code
            ? (await provider.RedeemAsync(code, pending, cancellationToken), pending)
            : throw Refused("The answer of the identity provider has no code.");
    }

    public void Dispose() => current?.Provider.Dispose();

    /// <summary>What this browser began and the answer belongs to; once.</summary>
    private PendingSignIn Take(HttpContext context)
    {
        var cookie = SignInCookie.Read(context.Request);
        var now = clock.GetUtcNow();
        if (cookie is not { Length: < 4096 } || seal.Open(cookie) is not { } pending || pending.ExpiresAt <= now)
        {
            throw Refused("This browser began no sign-in here, or more than ten minutes ago.");
        }
        if (!CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(One(context.Request.Query, "state") ?? ""), Encoding.UTF8.GetBytes(pending.State)))
        {
            throw Refused("The answer does not belong to the sign-in that this browser began.");
        }
        SignInCookie.Remove(context);
        foreach (var (state, expiresAt) in ended)
        {
            if (expiresAt <= now)
            {
                ended.TryRemove(state, out _);
            }
        }
        if (ended.Count >= EndedMax)
        {
            throw new LarderException(EngineError.TooManyRequests, "Too many sign-ins in a short time.");
        }
        return ended.TryAdd(pending.State, pending.ExpiresAt) ? pending : throw Refused("This sign-in has ended already.");
    }

    private (OpenIdSettings Settings, IdentityProvider Provider) Current()
    {
        var settings = configuration().Access.OpenId
            ?? throw new LarderException(EngineError.UnknownAddress, "No identity provider is configured.")
            {
                Hint = "set access.oidc in the configuration.",
            };
        lock (choosing)
        {
            if (current is not { } known || !ReferenceEquals(known.Settings, settings))
            {
                // The old one is not disposed here: somebody may be on the way through it. Its connections end by themselves.
                current = known = (settings, new IdentityProvider(settings, clock));
            }
            return known;
        }
    }

    /// <summary>By which address the browser reaches Larder. What it says itself counts only within the machine.</summary>
    private string OriginOf(HttpContext context, OpenIdSettings settings)
    {
        if ((settings.PublicUrl ?? configuration().Http.Url) is { } url)
        {
            return url.TrimEnd('/');
        }
        var host = context.Request.Host;
        return host.Host is "localhost" || (IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))
            ? $"{context.Request.Scheme}://{host}"
            : throw new LarderException(EngineError.UsageInvalid, "Where the identity provider is to send browsers back to is not known.")
            {
                Hint = "set http.url, or access.oidc.public_url, to the address by which people reach Larder.",
            };
    }

    /// <summary>Nobody is led to another site: a second slash, and a backslash to browsers, would begin a host.</summary>
    private static string LocalPath(string path) =>
        path.Length <= ReturnLengthMax && path.StartsWith('/') && !path.StartsWith("//", StringComparison.Ordinal)
        && !path.Any(letter => char.IsControl(letter) || letter == '\\')
            ? path
            : throw new LarderException(EngineError.UsageInvalid, "\"return\" is a path of Larder's own, such as /api/session.");

    private static string? One(IQueryCollection query, string name) => query[name] switch
    {
        { Count: 0 } => null,
        [{ Length: > 0 and <= CodeLengthMax } one] => one,
        _ => throw Refused("The answer of the identity provider is not as OpenID Connect has it."),
    };

    private static LarderException Refused(string message) => new(EngineError.SignInRefused, message);
}
