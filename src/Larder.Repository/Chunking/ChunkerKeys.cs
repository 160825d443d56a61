using System.Buffers.Binary;
using System.Security.Cryptography;
using Larder.Repository.Crypto;

namespace Larder.Repository.Chunking;

/// <summary>
/// What makes the cuts of one repository its own. Derived from the master key, so every writer of a repository cuts alike
/// and chunk sizes tell an outsider nothing about the content.
/// </summary>
public sealed class ChunkerKeys
{
    /// <summary>Changing this word re-cuts every repository: all that is stored is then stored once more.</summary>
    private const string Purpose = "larder chunker 1";

    internal const int WindowWords = WindowHash.WindowBytes / sizeof(ulong);
    private const int Bytes = (2 * sizeof(int)) + ((WindowWords + 2) * sizeof(ulong));

    private ChunkerKeys(ReadOnlySpan<byte> secret)
    {
        // Odd, so that multiplying loses nothing.
        Multiplier = BinaryPrimitives.ReadInt32LittleEndian(secret) | 1;

        // Not negative, so that a run of zeros, which hashes to just this, is never a candidate and costs no second look.
        Addend = BinaryPrimitives.ReadInt32LittleEndian(secret[sizeof(int)..]) & int.MaxValue;

        var words = secret[(2 * sizeof(int))..];
        var window = new ulong[WindowWords];
        for (var i = 0; i < WindowWords; i++)
        {
            window[i] = BinaryPrimitives.ReadUInt64LittleEndian(words[(i * sizeof(ulong))..]);
        }
        var sip = words[(WindowWords * sizeof(ulong))..];
        Window = new WindowHash(
            window, BinaryPrimitives.ReadUInt64LittleEndian(sip), BinaryPrimitives.ReadUInt64LittleEndian(sip[sizeof(ulong)..]));
    }

    internal int Multiplier { get; }

    internal int Addend { get; }

    internal WindowHash Window { get; }

    public static ChunkerKeys Derive(RepositoryKey key)
    {
        var secret = key.Derive(Purpose, Bytes);
        var keys = new ChunkerKeys(secret);
        CryptographicOperations.ZeroMemory(secret);
        return keys;
    }
}
