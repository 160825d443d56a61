using Microsoft.IdentityModel.Tokens;

namespace Larder.Auth;

/// <summary>The public keys of an identity provider, from a file (RFC 7517) that is read again when it changes.</summary>
internal sealed class JsonWebKeys(string file)
{
    private readonly Lock reading = new();
    private IReadOnlyList<JsonWebKey> keys = [];
    private DateTime writtenAt;

    public IReadOnlyList<JsonWebKey> Current()
    {
        lock (reading)
        {
            var written = File.GetLastWriteTimeUtc(file);
            if (written != writtenAt)
            {
                try
                {
                    (keys, writtenAt) = ([.. new JsonWebKeySet(File.ReadAllText(file)).Keys], written);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
                {
                    // Being written, or broken: the keys that were good go on, and the next request looks again.
                }
            }
            return keys;
        }
    }
}
