using System.Buffers.Binary;
using System.Security.Cryptography;
using Larder.Sources.Native;

namespace Larder.Sources;

/// <summary>
/// Counts rows and adds up their hashes to a <see cref="Fingerprint"/>. A row's hash is the first 16 bytes of its SHA-256, read big-endian.
/// Builders of disjoint parts of a table combine to that of the whole. Not for concurrent use.
/// </summary>
public sealed class FingerprintBuilder
{
    private long rows;
    private UInt128 sum;

    /// <summary>
    /// Adds one row by its encoding. How rows are encoded is the engine's business; different rows must give different bytes.
    /// </summary>
    public void Add(ReadOnlySpan<byte> row)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        LibcryptoSha256.HashData(row, hash);
        AddHash(hash);
    }

    /// <summary>Adds one row by the SHA-256 of its encoding, for rows too large to be held as one.</summary>
    public void AddHash(ReadOnlySpan<byte> sha256)
    {
        sum = unchecked(sum + BinaryPrimitives.ReadUInt128BigEndian(sha256));
        rows++;
    }

    /// <summary>Adds all rows of another part.</summary>
    public void Add(Fingerprint part)
    {
        sum = unchecked(sum + part.Sum);
        rows += part.Rows;
    }

    public Fingerprint ToFingerprint() => new(rows, sum);
}
