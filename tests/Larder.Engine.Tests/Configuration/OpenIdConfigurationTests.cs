using Larder.Engine.Configuration;

namespace Larder.Engine.Tests.Configuration;

public sealed class OpenIdConfigurationTests
{
    private const string Beginning =
        """
        state_directory: /state
        repositories: { local: { path: /repository, password: secret } }
        jobs: { journal: { sources: { db: { sqlite: { path: /db } } } } }

        """;

    [Theory]
    [InlineData("client_secret: odd")]
    [InlineData("client_secret_file: secret")]
    [InlineData("client_secret_command: printf odd")]
    public async Task The_secret_comes_from_a_text_a_file_or_a_command(string secret)
    {
        using var loading = new Loading();
        loading.Write("secret", "odd\n");
        var settings = Load(loading, $"issuer: \"https://id.example.com/\", client_id: larder, {secret}")!;
        Assert.Equal("odd", await settings.ClientSecret!.RevealAsync(CancellationToken.None));
        Assert.Equal("https://id.example.com/", settings.Issuer); // Its slash is part of its name.
    }

    [Fact]
    public void What_is_left_away_is_a_public_client_that_asks_for_profile_and_email_and_takes_numbered_roles()
    {
        using var loading = new Loading();
        var settings = Load(loading, "issuer: \"http://localhost:5556\", client_id: larder")!;
        Assert.Null(settings.ClientSecret);
        Assert.Null(settings.PublicUrl);
        Assert.Equal(["profile", "email"], settings.Scopes);
        Assert.Equal(("preferred_username", "role_id", 0), (settings.Claims.NameClaim, settings.Claims.RoleClaim, settings.Claims.Roles.Count));
        Assert.Equal(["groups"], Load(loading, "issuer: \"http://[::1]:5556\", client_id: larder, scopes: groups")!.Scopes);
    }

    [Theory]
    [InlineData("client_id: larder", "issuer")]
    [InlineData("issuer: \"https://id.example.com\"", "client_id")]
    [InlineData("issuer: \"http://id.example.com\", client_id: larder", "not encrypted")]
    [InlineData("issuer: \"http://127.0.0.1.example.com\", client_id: larder", "not encrypted")]
    [InlineData("issuer: \"ftp://127.0.0.1\", client_id: larder", "https://")]
    [InlineData("issuer: \"https://a:b@id.example.com\", client_id: larder", "more than a host and a path")]
    [InlineData("issuer: \"https://id.example.com?a=b\", client_id: larder", "more than a host and a path")]
    [InlineData("issuer: \"https://id.example.com\", client_id: larder, public_url: \"http://backup.example.com\"", "not encrypted")]
    [InlineData("issuer: \"https://id.example.com\", client_id: larder, roles: { dba: chief }", "owner, admin, operator, viewer")]
    [InlineData("issuer: \"https://id.example.com\", client_id: larder, client_secret: a, client_secret_file: b", "client_secret")]
    [InlineData("issuer: \"https://id.example.com\", client_id: larder, jwks: /keys", "jwks")]
    public void What_is_wrong_is_said(string oidc, string complaint)
    {
        using var loading = new Loading();
        var problem = Assert.Single(loading.Load($"{Beginning}access: {{ oidc: {{ {oidc} }} }}\n").Problems);
        Assert.Contains(complaint, problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_shown_has_no_secret()
    {
        using var loading = new Loading();
        var result = loading.Load(Beginning + "access: { oidc: { issuer: \"https://id.example.com\", client_id: larder, client_secret: very-odd-indeed } }\n");
        Assert.DoesNotContain("very-odd-indeed", ConfigurationWriter.Show(result) + ConfigurationWriter.ShowJson(result), StringComparison.Ordinal);
    }

    private static OpenIdSettings? Load(Loading loading, string oidc)
    {
        var result = loading.Load($"{Beginning}access: {{ oidc: {{ {oidc} }} }}\n");
        Assert.Empty(result.Problems);
        return result.Configuration!.Access.OpenId;
    }
}
