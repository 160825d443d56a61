namespace Larder.Engine.Configuration;

/// <summary>The part of the <see cref="SettingsBinder"/> that is about the API.</summary>
internal static class AccessBinder
{
    public static HttpSettings Http(ObjectValue? value) => value is null ? new HttpSettings() : new HttpSettings
    {
        Url = value.Get<string>("url"),
        Certificate = value.Get<string>("certificate"),
        CertificateKey = value.Get<string>("certificate_key"),
        Proxies = value.Texts("proxies"),
    };

    public static AccessSettings Access(ObjectValue? value) => value is null ? new AccessSettings() : new AccessSettings
    {
        SecondPerson = value.GetStruct<bool>("second_person")!.Value,
        UserHeader = value.Get<string>("user_header"),
        OpenId = OpenId(value.Object("oidc")),
        Jwt = [.. value.List("jwt").Cast<ObjectValue>().Select(Jwt)],
    };

    private static JwtSettings Jwt(ObjectValue value) => new()
    {
        Issuer = value.Get<string>("issuer")!,
        Audience = value.Get<string>("audience")!,
        KeysFile = value.Get<string>("jwks"),
        Key = value.Get<Secret>("key"),
        Claims = Claims(value),
    };

    private static OpenIdSettings? OpenId(ObjectValue? value) => value is null ? null : new OpenIdSettings
    {
        Issuer = value.Get<string>("issuer")!,
        ClientId = value.Get<string>("client_id")!,
        ClientSecret = value.Get<Secret>("client_secret"),
        Scopes = value.Texts("scopes") is { Count: > 0 } scopes ? scopes : ["profile", "email"],
        PublicUrl = value.Get<string>("public_url")?.TrimEnd('/'),
        Claims = Claims(value),
    };

    private static ClaimSettings Claims(ObjectValue value) => new()
    {
        RoleClaim = value.Get<string>("role_claim")!,
        NameClaim = value.Get<string>("name_claim")!,
        Roles = value.Named("roles").ToDictionary(
            item => item.Name, item => (string)((ScalarValue)item.Value).Value, StringComparer.Ordinal),
    };
}
