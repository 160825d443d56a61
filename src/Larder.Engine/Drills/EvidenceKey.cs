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
            Create(path);
        }
        var key = Load(path, "no key. Move it away, and the next drill makes a new one.");
        var (publicPath, half) = (Path.Combine(stateDirectory, PublicFileName), key.ExportSubjectPublicKeyInfoPem() + "\n");
        if (!File.Exists(publicPath) || File.ReadAllText(publicPath) != half) // Also where a drill was killed between the two.
        {
            DurableFile.Replace(publicPath, Encoding.ASCII.GetBytes(half));
        }
        return key;
    }

    /// <summary>What evidence of this installation is checked with; null where it has never signed any. The caller disposes it.</summary>
    public static ECDsa? TryLoadPublic(string stateDirectory)
    {
        var path = Path.Combine(stateDirectory, PublicFileName);
        return File.Exists(path) ? Load(path, "no public key. Move it away, and the next drill writes it again.") : null;
    }

    /// <summary>Names a key: the first 16 hex digits of the SHA-256 of its public half.</summary>
    public static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];

    private static ECDsa Load(string path, string holdsNone)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            return key;
        }
        catch (ArgumentException e)
        {
            key.Dispose();
            throw new CryptographicException($"{path} holds {holdsNone}", e);
        }
    }

    private static void Create(string path)
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
    }
}
