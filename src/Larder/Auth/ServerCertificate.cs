using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Auth;

/// <summary>The certificate for HTTPS from two PEM files, read again when they change: it is renewed while the service runs.</summary>
internal sealed class ServerCertificate
{
    private readonly string file;
    private readonly string keyFile;
    private readonly Lock reading = new();
    private X509Certificate2 current;
    private string stamp;

    private ServerCertificate(string file, string keyFile)
    {
        (this.file, this.keyFile) = (file, keyFile);
        stamp = Stamp();
        current = Read();
    }

    /// <summary>Null where none is configured.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.LocalFileFailed"/>: it cannot be read, or is of another key.</exception>
    public static ServerCertificate? Of(HttpSettings settings) =>
        settings is { Certificate: { } file, CertificateKey: { } key } ? new ServerCertificate(file, key) : null;

    public X509Certificate2 Current()
    {
        lock (reading)
        {
            var now = Stamp();
            if (now != stamp)
            {
                try
                {
                    (current, stamp) = (Read(), now);
                }
                catch (LarderException)
                {
                    // One of the two is new and the other is not yet: the old pair goes on, and the next connection looks again.
                }
            }
            return current;
        }
    }

    private string Stamp() => $"{File.GetLastWriteTimeUtc(file).Ticks} {File.GetLastWriteTimeUtc(keyFile).Ticks}";

    private X509Certificate2 Read()
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(file, keyFile);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new LarderException(
                EngineError.LocalFileFailed, $"The certificate {file} with the key {keyFile} cannot be used: {e.Message}", e);
        }
    }
}
