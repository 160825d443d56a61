namespace Larder.Engine.Configuration;

/// <summary>How the API and the page are reached. Where they listen is <c>serve.listen</c>.</summary>
public sealed record HttpSettings
{
    /// <summary>By which address people reach it, where that is another; for links, and to know Larder's own page by.</summary>
    public string? Url { get; init; }

    /// <summary>A PEM file with the certificate and those above it; with it HTTPS is spoken.</summary>
    public string? Certificate { get; init; }

    /// <summary>The PEM file of its key.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>Addresses of proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed.</summary>
    public IReadOnlyList<string> Proxies { get; init; } = [];
}

/// <summary>Who may come in, besides the users in the catalog.</summary>
public sealed record AccessSettings
{
    /// <summary>Whether restores, rollbacks and removals need a second person.</summary>
    public bool SecondPerson { get; init; }

    /// <summary>Whose signed tokens are taken.</summary>
    public IReadOnlyList<JwtSettings> Jwt { get; init; } = [];

    /// <summary>The identity provider that people log in with; null: none.</summary>
    public OpenIdSettings? OpenId { get; init; }

    /// <summary>The header in which a trusted proxy names the user; null: none does.</summary>
    public string? UserHeader { get; init; }
}

/// <summary>Signed tokens of somebody else's: an identity provider, or the user's own app.</summary>
public sealed record JwtSettings
{
    public required string Issuer { get; init; }

    public required string Audience { get; init; }

    /// <summary>A file with the provider's public keys; null where <see cref="Key"/> is set.</summary>
    public string? KeysFile { get; init; }

    /// <summary>A key that both sides know.</summary>
    public Secret? Key { get; init; }

    public required ClaimSettings Claims { get; init; }
}

/// <summary>An identity provider that speaks OpenID Connect.</summary>
public sealed record OpenIdSettings
{
    /// <summary>Below it is <c>/.well-known/openid-configuration</c>; tokens must name it letter for letter.</summary>
    public required string Issuer { get; init; }

    public required string ClientId { get; init; }

    /// <summary>Null for a public client, which proves by PKCE alone that a code is its own.</summary>
    public Secret? ClientSecret { get; init; }

    /// <summary><c>openid</c> is asked for besides.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    public required ClaimSettings Claims { get; init; }

    /// <summary>Where browsers reach Larder; null: <see cref="HttpSettings.Url"/>, or this machine.</summary>
    public string? PublicUrl { get; init; }
}

/// <summary>How a signed token says who somebody is and what they may do.</summary>
public sealed record ClaimSettings
{
    public required string RoleClaim { get; init; }

    public required string NameClaim { get; init; }

    /// <summary>
    /// From values of the claim to roles. Empty: a number of 1 or less is <c>admin</c>, and everything else is let in nowhere.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Roles { get; init; }
}
