using static Larder.Engine.Configuration.ConfigurationSchema;
using static Larder.Engine.Configuration.ScalarShapes;

namespace Larder.Engine.Configuration;

/// <summary>The part of the <see cref="ConfigurationSchema"/> that is about who may come in.</summary>
internal static class AccessSchema
{
    public static ObjectShape Access { get; } = Object("a map with second_person, oidc, jwt or user_header", "{ second_person: true }",
    [
        Key("second_person", Boolean("true"), "Whether restores, rollbacks and removals need a second person.", fallback: "false"),
        Key("oidc", Object("a map with issuer and client_id", "{ issuer: https://id.example.com, client_id: larder }",
        [
            Key("issuer", SafeUrl("https://id.example.com"), "The provider, exactly as it names itself.", required: true),
            Key("client_id", Text("larder"), "What Larder is called there.", required: true),
            Key("client_secret", Secret("\"${OIDC_SECRET}\""), "Larder's secret there; without it, a public client with PKCE."),
            Key("scopes", List("a list of scopes", Text("groups")), "What is asked for besides openid; by default profile and email."),
            Key("public_url", SafeUrl("https://backup.example.com"), "Where browsers reach Larder; by default http.url."),
            .. Claims("preferred_username"),
        ]), "The identity provider that people log in with (OpenID Connect)."),
        Key("jwt", List("a list of who signs tokens", Object("a map with issuer, audience and jwks or key",
            "{ issuer: https://id.example.com, audience: larder, jwks: /etc/larder/jwks.json }",
        [
            Key("issuer", Text("https://id.example.com"), "Who signs; exactly what the claim iss says.", required: true),
            Key("audience", Text("larder"), "For whom; what the claim aud says or holds.", required: true),
            Key("jwks", Path("/etc/larder/jwks.json"), "A file with the public keys of the provider, read again when it changes."),
            Key("key", Secret("\"${JWT_SECRET}\""), "A key that both sides know, 32 bytes or more; 64 for HS512."),
            .. Claims("sub"),
        ], new OneOfRule(true, "jwks", "key"))), "Whose signed tokens are taken: of an identity provider, of the app itself."),
        Key("user_header", Text("X-Remote-User"), "The header in which a proxy of http.proxies names the user."),
    ]);

    private static KeyShape[] Claims(string name) =>
    [
        Key("role_claim", Text("role_id"), "The claim that holds the role, or a list of them.", fallback: "role_id"),
        Key("name_claim", Text(name), "The claim that holds the user's name.", fallback: name),
        Key("roles",
            Named("a map from values of the claim to roles", Word("owner", "admin", "operator", "viewer"), mayBeEmpty: true),
            "What the values mean; by default 1 and less is admin, and nothing else is let in."),
    ];
}
