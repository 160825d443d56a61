using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// Fingerprints large objects like rows: the bytes of one are its OID, 4 bytes big-endian, and its content. An OID is part of the data,
/// because tables refer to large objects by it, and a restore keeps it.
/// </summary>
internal sealed class LargeObjectHasher : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private FingerprintBuilder fingerprint = new();

    public void Begin(uint oid)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(number, oid);
        hash.AppendData(number);
    }

    public void Append(ReadOnlySpan<byte> content) => hash.AppendData(content);

    public void EndObject()
    {
        Span<byte> result = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(result);
        fingerprint.AddHash(result);
    }

    /// <summary>The fingerprint of the list that ends here; the next objects belong to another.</summary>
    public Fingerprint EndList()
    {
        var whole = fingerprint.ToFingerprint();
        fingerprint = new FingerprintBuilder();
        return whole;
    }

    public void Dispose() => hash.Dispose();
}
