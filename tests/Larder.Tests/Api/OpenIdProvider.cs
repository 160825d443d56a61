using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Tests.Api;

/// <summary>
/// An OpenID provider over real HTTP on this machine: it checks clients, codes and PKCE as a real one does, and can be bent to lie.
/// </summary>
internal sealed class OpenIdProvider : IAsyncDisposable
{
    public const string ClientSecret = "a client secret: 100% odd & long";

    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, IQueryCollection> codes = new();

    private OpenIdProvider(WebApplication app) => this.app = app;

    public string Issuer => app.Urls.First();

    public List<ProviderKey> Keys { get; } = [ProviderKey.Rsa("one"), ProviderKey.Curve("two")];

    /// <summary>What stands before the keys in the set.</summary>
    public JsonArray OddKeys { get; } = [];

    /// <summary>Which of the keys signs.</summary>
    public ProviderKey Signer { get; set; } = null!;

    /// <summary>Who has logged in here.</summary>
    public JsonObject Person { get; set; } = new() { ["sub"] = "person-1", ["preferred_username"] = "kai", ["groups"] = new JsonArray("staff", "dba") };

    /// <summary>Null for a public client.</summary>
    public string? Secret { get; init; } = ClientSecret;

    public string SecretWay { get; init; } = "client_secret_basic";

    /// <summary>Changes claims before they are signed.</summary>
    public Action<JsonObject> Bend { get; set; } = _ => { };

    /// <summary>Signs in place of <see cref="Signer"/>.</summary>
    public Func<JsonObject, string>? Sign { get; set; }

    /// <summary>Changes the discovery document.</summary>
    public Action<JsonObject> Describe { get; set; } = _ => { };

    /// <summary>Answers in place of the token endpoint.</summary>
    public RequestDelegate? Token { get; set; }

    /// <summary>What nobody but the provider, the browser and Larder may ever see.</summary>
    public ConcurrentBag<string> Confidential { get; } = [];

    /// <summary>How long the keys take to come.</summary>
    public TimeSpan KeysDelay { get; set; }

    /// <summary>How often keys were fetched.</summary>
    public int KeysAsked { get; private set; }

    public static async Task<OpenIdProvider> StartAsync(string? secret = ClientSecret, string secretWay = "client_secret_basic")
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var provider = new OpenIdProvider(app) { Secret = secret, SecretWay = secretWay };
        provider.Signer = provider.Keys[0];
        app.UseRouting();
        app.MapGet("/.well-known/openid-configuration", context => WriteAsync(context, provider.Description()));
        app.MapGet("/keys", async context =>
        {
            await Task.Delay(provider.KeysDelay, TimeProvider.System, context.RequestAborted);
            await WriteAsync(context, provider.KeySet());
        });
        app.MapGet("/authorize", provider.Authorize);
        app.MapPost("/token", context => provider.Token is { } other ? other(context) : provider.ExchangeAsync(context));
        await app.StartAsync();
        return provider;
    }

    /// <summary>The part of Larder's configuration that names this provider.</summary>
    public string Settings(string more = "") =>
        $$"""
        access:
          oidc:
            issuer: "{{Issuer}}"
            client_id: larder
            {{(Secret is null ? "" : $"client_secret: \"{Secret}\"")}}
            role_claim: groups
            roles: { dba: admin, ops: operator, boss: owner }
            {{more}}
        """;

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        Keys.ForEach(key => key.Dispose());
    }

    private static Task WriteAsync(HttpContext context, JsonObject document, int status = 200)
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, "application/json");
        return context.Response.WriteAsync(document.ToJsonString());
    }

    private JsonObject Description()
    {
        var description = new JsonObject
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = $"{Issuer}/authorize?tenant=a",
            ["token_endpoint"] = $"{Issuer}/token",
            ["jwks_uri"] = $"{Issuer}/keys",
            ["token_endpoint_auth_methods_supported"] = new JsonArray(SecretWay),
            ["authorization_response_iss_parameter_supported"] = true,
        };
        Describe(description);
        return description;
    }

    private JsonObject KeySet()
    {
        KeysAsked++;
        return new JsonObject { ["keys"] = new JsonArray([.. OddKeys.Select(key => key!.DeepClone()), .. Keys.Select(key => (JsonNode)key.Jwk)]) };
    }

    private Task Authorize(HttpContext context)
    {
        var asked = context.Request.Query;
        Assert.Equal("a larder code S256", $"{asked["tenant"]} {asked["client_id"]} {asked["response_type"]} {asked["code_challenge_method"]}");
        Assert.Contains("openid", asked["scope"].ToString().Split(' '));
        Assert.Equal("/api/session/oidc/callback", new Uri(asked["redirect_uri"]!).AbsolutePath);
        var code = "code-" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        Confidential.Add(code);
        codes[code] = asked;
        context.Response.Redirect($"{asked["redirect_uri"]}?code={code}&state={asked["state"]}&iss={Uri.EscapeDataString(Issuer)}");
        return Task.CompletedTask;
    }

    private async Task ExchangeAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        if (!IsClient(context.Request, form))
        {
            await WriteAsync(context, new JsonObject { ["error"] = "invalid_client" }, 401);
            return;
        }
        var proof = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        if (form["grant_type"] != "authorization_code" || !codes.TryRemove(form["code"].ToString(), out var asked)
            || asked["redirect_uri"] != form["redirect_uri"] || asked["code_challenge"] != proof || asked["client_id"] != form["client_id"])
        {
            await WriteAsync(context, new JsonObject { ["error"] = "invalid_grant", ["error_description"] = form["code"].ToString() }, 400);
            return;
        }
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = (JsonObject)Person.DeepClone();
        (claims["iss"], claims["aud"], claims["iat"], claims["exp"]) = (Issuer, "larder", now, now + 300);
        claims["nonce"] = asked["nonce"].ToString();
        Bend(claims);
        var (token, access) = (Sign?.Invoke(claims) ?? Signer.Sign(claims), "access-" + Guid.NewGuid());
        Confidential.Add(token);
        Confidential.Add(access);
        await WriteAsync(context, new JsonObject { ["id_token"] = token, ["access_token"] = access, ["token_type"] = "Bearer", ["expires_in"] = 300 });
    }

    private bool IsClient(HttpRequest request, IFormCollection form)
    {
        if (Secret is null)
        {
            return form["client_id"] == "larder" && request.Headers.Authorization.Count == 0 && !form.ContainsKey("client_secret");
        }
        if (SecretWay == "client_secret_post")
        {
            return form["client_id"] == "larder" && form["client_secret"] == Secret && request.Headers.Authorization.Count == 0;
        }
        var pair = Encoding.UTF8.GetString(Convert.FromBase64String(request.Headers.Authorization.ToString()["Basic ".Length..])).Split(':');
        return Uri.UnescapeDataString(pair[0]) == "larder" && Uri.UnescapeDataString(pair[1].Replace('+', ' ')) == Secret;
    }
}
