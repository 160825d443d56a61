using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Larder.Engine.Access;

namespace Larder.Tests.Api;

public sealed class TlsTests
{
    [Fact]
    public async Task With_a_certificate_https_is_spoken_cookies_are_bound_to_the_host_and_a_renewed_one_is_taken_up()
    {
        await using var desk = await ApiDesk.OpenAsync(
            "http: { certificate: {0}/tls.crt, certificate_key: {0}/tls.key }", prepare: laid => Write(laid, "first"));
        Assert.Equal("https", desk.Address.Scheme);
        desk.TokenOf(Role.Owner);

        var login = await desk.ExpectAsync(200, "POST", "/api/session", null, $$"""{"name":"owner","password":"{{ApiDesk.Passphrase}}"}""");

        var cookie = Assert.Single(login.Cookies);
        Assert.StartsWith("__Host-larder_session=", cookie, StringComparison.Ordinal);
        Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("max-age=31536000", login.Headers["Strict-Transport-Security"], StringComparison.Ordinal);
        Assert.Equal("CN=first", desk.Certificate);
        Write(desk.Desk, "second");
        using var again = desk.NewClient();
        Assert.True((await again.GetAsync("/healthz")).IsSuccessStatusCode);
        Assert.Equal("CN=second", desk.Certificate);
    }

    private static void Write(Larder.Tests.Cli.Desk desk, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(desk["tls.crt"], certificate.ExportCertificatePem());
        File.WriteAllText(desk["tls.key"], key.ExportPkcs8PrivateKeyPem());
    }
}
