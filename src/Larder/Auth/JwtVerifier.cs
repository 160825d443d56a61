using System.Text;
using Larder.Engine.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Larder.Auth;

/// <summary>Takes signed tokens of one issuer of <c>access.jwt</c>, by its file of public keys or by a shared key.</summary>
internal sealed class JwtVerifier(JwtSettings settings, TimeProvider clock)
{
    private const int SharedKeyBytesMin = 32;

    private readonly JsonWebKeys? keys = settings.KeysFile is { } file ? new JsonWebKeys(file) : null;

    /// <summary>The caller; or null and the reason, for the log and not for the caller.</summary>
    public async ValueTask<(Caller? Caller, string? Refusal)> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        var verdict = await SignedTokens.CheckAsync(token, await RulesAsync(cancellationToken), clock.GetUtcNow());
        if (verdict.Claims is not { } claims)
        {
            return (null, verdict.Refusal);
        }
        if (SignedTokens.NameIn(claims, settings.Claims) is not { } name)
        {
            return (null, $"it has no name in \"{settings.Claims.NameClaim}\"");
        }
        return SignedTokens.RoleIn(claims, settings.Claims) is { } role
            ? (new Caller { Name = name, Role = role, Way = CallerWay.Jwt }, null)
            : (null, $"\"{settings.Claims.RoleClaim}\" gives no role here");
    }

    private async ValueTask<TokenRules> RulesAsync(CancellationToken cancellationToken)
    {
        if (keys is not null)
        {
            return new TokenRules(
                settings.Issuer,
                settings.Audience,
                SignedTokens.ByPublicKey,
                (algorithm, keyId) => SignedTokens.Fitting(keys.Current(), algorithm, keyId));
        }
        var shared = Encoding.UTF8.GetBytes(await settings.Key!.RevealAsync(cancellationToken));
        return new TokenRules(
            settings.Issuer,
            settings.Audience,
            SignedTokens.BySharedKey,
            (_, _) => shared.Length < SharedKeyBytesMin ? [] : [new SymmetricSecurityKey(shared)]);
    }
}
