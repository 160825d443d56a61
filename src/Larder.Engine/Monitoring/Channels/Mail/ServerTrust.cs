using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Larder.Engine.Monitoring.Channels.Mail;

/// <summary>How a mail server proves that it is who it says.</summary>
internal static class ServerTrust
{
    /// <param name="server">The name that must stand in its certificate.</param>
    /// <param name="caFile">Authorities to believe, in PEM; null for those of the system.</param>
    /// <param name="isOpportunistic">Any certificate will do: encryption that is better than none, where nothing secret is said.</param>
    /// <exception cref="DeliveryException">The file cannot be read.</exception>
    public static SslClientAuthenticationOptions Options(string server, string? caFile, bool isOpportunistic)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = server };
        if (caFile is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Load(caFile));
        }
        if (isOpportunistic)
        {
            options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        }
        return options;
    }

    private static X509Certificate2Collection Load(string file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(file);
            return certificates;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new DeliveryException($"The certificates of ca_file, {file}, cannot be read.", isPermanent: true);
        }
    }
}
