using System.Security.Cryptography;
using System.Text;
using Larder.Sources.Files;

namespace Larder.Engine.Drills;

/// <summary>
/// The key that an installation signs its evidence with: ECDSA on P-256, made once, readable by its user alone. The public half lies beside
/// it, for whoever checks evidence with other programs.
/// </summary>
internal static class EvidenceKey
{
    public const string FileName = "evidence.key";
    public const string PublicFileName = "evidence.pub";

    /// <summary>The key, made now where there is none. The caller disposes it.</summary>
    public static ECDsa LoadOrCreate(string stateDirectory)
    {
        Directory.CreateDirectory(stateDirectory);
        var path = Path.Combine(stateDirectory, FileName);
        if (!File.Exists(path))
        {
            Create(stateDirectory, path);
        }
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            return key;
        }
        catch (ArgumentException e)
        {
            key.Dispose();
            throw new CryptographicException($"{path} holds no key. Move it away, and the next drill makes a new one.", e);
        }
    }

    /// <summary>What evidence of this installation is checked with; null where it has never signed any. The caller disposes it.</summary>
    public static ECDsa? TryLoadPublic(string stateDirectory)
    {
        var path = Path.Combine(stateDirectory, PublicFileName);
        if (!File.Exists(path))
        {
            return null;
        }
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            return key;
        }
        catch (ArgumentException e)
        {
            key.Dispose();
            throw new CryptographicException($"{path} holds no public key.", e);
        }
    }

    /// <summary>Names a key: the first 16 hex digits of the SHA-256 of its public half.</summary>
    public static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];

    private static void Create(string stateDirectory, string path)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            DurableFile.CreatePrivate(path, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another drill was first; its key is the key.
        }
        using var kept = ECDsa.Create();
        kept.ImportFromPem(File.ReadAllText(path));
        File.WriteAllText(Path.Combine(stateDirectory, PublicFileName), kept.ExportSubjectPublicKeyInfoPem() + "\n");
    }
}
