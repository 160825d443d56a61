using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Larder.Engine.Access;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Larder.Auth.OpenId;

/// <summary>
/// The provider as it describes itself: where browsers are sent, where codes are exchanged, whose signatures count. Discovery document and
/// keys are kept by Microsoft's library, and fetched anew when a token names a key that is not among them.
/// </summary>
internal sealed class IdentityProvider : IDisposable
{
    /// <summary>A person waits for it.</summary>
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(10);

    // How often keys that nobody knows may have the keys fetched anew. The first time is at once.
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMinutes(1);

    // Discovery documents and sets of keys are some kilobytes.
    private const int AnswerBytesMax = 256 << 10;

    private readonly OpenIdSettings settings;
    private readonly TimeProvider clock;
    private readonly HttpClient client;
    private readonly ConfigurationManager<OpenIdConnectConfiguration> descriptions;
    private readonly OpenIdConnectProtocolValidator protocol = new();

    public IdentityProvider(OpenIdSettings settings, TimeProvider clock)
    {
        (this.settings, this.clock) = (settings, clock);
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
        {
            Timeout = AnswersWithin,
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
        descriptions = new ConfigurationManager<OpenIdConnectConfiguration>(
            settings.Issuer.TrimEnd('/') + "/.well-known/openid-configuration",
            new OpenIdConnectConfigurationRetriever(),
            new SafeDocuments(client))
        {
            RefreshInterval = RefreshInterval,
        };
    }

    /// <summary>A nonce that <see cref="RedeemAsync"/> takes for an hour.</summary>
    public string NewNonce() => protocol.GenerateNonce();

    /// <summary>Where the browser is to go.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.IdentityProviderFailed"/>.</exception>
    public async Task<string> AddressForAsync(PendingSignIn pending, CancellationToken cancellationToken)
    {
        var description = await DescriptionAsync(cancellationToken);
        return QueryHelpers.AddQueryString(description.AuthorizationEndpoint, new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = settings.ClientId,
            ["redirect_uri"] = pending.Callback,
            ["scope"] = string.Join(' ', settings.Scopes.Prepend("openid").Distinct(StringComparer.Ordinal)),
            ["state"] = pending.State,
            ["nonce"] = pending.Nonce,
            ["code_challenge"] = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(pending.Verifier))),
            ["code_challenge_method"] = "S256",
        });
    }

    /// <summary>Whether an answer with this <c>iss</c> (RFC 9207) is this provider's.</summary>
    public async Task<bool> IsAnswererAsync(string? issuer, CancellationToken cancellationToken)
    {
        var description = await DescriptionAsync(cancellationToken);
        return issuer is null
            ? !description.AuthorizationResponseIssParameterSupported
            : string.Equals(issuer, description.Issuer, StringComparison.Ordinal);
    }

    /// <summary>Exchanges a code for a token, and says whom it names.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.IdentityProviderFailed"/>; <see cref="EngineError.SignInRefused"/>: the
    /// code, or the token, is not good.</exception>
    public async Task<ProviderPerson> RedeemAsync(string code, PendingSignIn pending, CancellationToken cancellationToken)
    {
        var description = await DescriptionAsync(cancellationToken);
        var answer = await ExchangeAsync(description, code, pending, cancellationToken);
        var verdict = await SignedTokens.CheckAsync(answer.IdToken, RulesOf(description), clock.GetUtcNow());
        if (verdict.KeyIsUnknown)
        {
            descriptions.RequestRefresh(); // It may have changed its keys.
            description = await DescriptionAsync(cancellationToken);
            verdict = await SignedTokens.CheckAsync(answer.IdToken, RulesOf(description), clock.GetUtcNow());
        }
        if (verdict.Claims is not { } claims)
        {
            throw Refused($"The token of the identity provider is not taken: {verdict.Refusal}.");
        }
        EnsureForThis(answer, pending);
        return new ProviderPerson
        {
            Issuer = settings.Issuer,
            Subject = SignedTokens.TextIn(claims, "sub") ?? "",
            Name = SignedTokens.NameIn(claims, settings.Claims),
            Role = SignedTokens.RoleIn(claims, settings.Claims),
        };
    }

    /// <summary>An error as OAuth names them; what is no such word is a stranger's text, and is not repeated.</summary>
    public static string WordOf(string? error) =>
        error is { Length: > 0 and <= 40 } && error.All(letter => char.IsAsciiLetterLower(letter) || letter == '_') ? error : "error";

    public void Dispose() => client.Dispose();

    /// <summary>Nonce, authorized party and the hash of the access token: that the token was made for this very sign-in.</summary>
    private void EnsureForThis(OpenIdConnectMessage answer, PendingSignIn pending)
    {
        try
        {
            protocol.ValidateTokenResponse(new OpenIdConnectProtocolValidationContext
            {
                ClientId = settings.ClientId,
                Nonce = pending.Nonce,
                ProtocolMessage = answer,
                ValidatedIdToken = new System.IdentityModel.Tokens.Jwt.JwtSecurityToken(answer.IdToken),
            });
        }
        catch (Exception e)
        {
            // Whatever it is: the library reads the token anew. Not passed on, its words may hold what is in the token.
            var reason = e is OpenIdConnectProtocolInvalidNonceException
                ? "it was not made for this sign-in"
                : "it lacks, or has wrong, what OpenID Connect demands";
            throw Refused($"The token of the identity provider is not taken: {reason}.");
        }
    }

    private TokenRules RulesOf(OpenIdConnectConfiguration description) => new(
        settings.Issuer,
        settings.ClientId,
        SignedTokens.ByPublicKey,
        (algorithm, keyId) => SignedTokens.Fitting(description.JsonWebKeySet?.Keys ?? [], algorithm, keyId));

    private async Task<OpenIdConnectConfiguration> DescriptionAsync(CancellationToken cancellationToken)
    {
        try
        {
            var description = await descriptions.GetConfigurationAsync(cancellationToken);
            if (ComplaintAbout(description) is not { } complaint)
            {
                return description;
            }
            descriptions.RequestRefresh(); // Otherwise a slip of the provider's would be kept for half a day.
            throw Failed($"The discovery document of the identity provider {complaint}.");
        }
        catch (Exception e) when (e is not LarderException && !cancellationToken.IsCancellationRequested)
        {
            throw Failed("The identity provider does not describe itself: its discovery document or its keys cannot be had.", e);
        }
    }

    private string? ComplaintAbout(OpenIdConnectConfiguration description) =>
        !string.Equals(description.Issuer, settings.Issuer, StringComparison.Ordinal) ? "names another issuer than access.oidc.issuer"
        : !SafeDocuments.IsSafe(description.AuthorizationEndpoint) ? "names no authorization endpoint with https"
        : !SafeDocuments.IsSafe(description.TokenEndpoint) ? "names no token endpoint with https"
        : null;

    private async Task<OpenIdConnectMessage> ExchangeAsync(
        OpenIdConnectConfiguration description, string code, PendingSignIn pending, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, description.TokenEndpoint);
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = pending.Callback,
            ["code_verifier"] = pending.Verifier,
            ["client_id"] = settings.ClientId,
        };
        if (settings.ClientSecret is { } secret)
        {
            var revealed = await secret.RevealAsync(cancellationToken);
            var ways = description.TokenEndpointAuthMethodsSupported;
            if (ways.Count == 0 || ways.Contains("client_secret_basic"))
            {
                // A client for which nothing else was said is registered for this one. Encoded as RFC 6749, 2.3.1, has it.
                var pair = $"{WebUtility.UrlEncode(settings.ClientId)}:{WebUtility.UrlEncode(revealed)}";
                var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", encoded);
            }
            else
            {
                form["client_secret"] = revealed;
            }
        }
        request.Content = new FormUrlEncodedContent(form);
        request.Headers.Accept.ParseAdd("application/json");
        var (isGood, text) = await SendAsync(request, cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(text);
            if (isGood && document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return new OpenIdConnectMessage
                {
                    IdToken = SignedTokens.TextIn(document.RootElement, "id_token")
                        ?? throw Failed("The identity provider answered without a token of the person (id_token)."),
                    AccessToken = SignedTokens.TextIn(document.RootElement, "access_token"),
                };
            }
            var error = WordOf(SignedTokens.TextIn(document.RootElement, "error"));
            throw error == "invalid_grant"
                ? Refused("The identity provider does not take the code: it was used, is over, or is not of this sign-in.")
                : new LarderException(EngineError.IdentityProviderFailed, $"The identity provider did not exchange the code: {error}.")
                {
                    Hint = "see that access.oidc has the client_id and client_secret that the provider knows.",
                };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Failed("The identity provider answered the exchange of the code with what is no JSON object.");
        }
    }

    private async Task<(bool IsGood, string Text)> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            return (response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Failed("The identity provider did not answer the exchange of the code, not in time, or with too much.", e);
        }
    }

    private static LarderException Refused(string message) => new(EngineError.SignInRefused, message);

    private static LarderException Failed(string message, Exception? cause = null) =>
        new(EngineError.IdentityProviderFailed, message, cause);
}
