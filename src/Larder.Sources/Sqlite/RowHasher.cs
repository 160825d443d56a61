using System.Buffers.Binary;
using System.Security.Cryptography;
using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// Encodes rows for the fingerprint, so that different rows have different bytes. Each value is one type byte and its content:
/// 0 NULL, nothing; 1 INTEGER, 8 bytes; 2 REAL, the 8 bytes of its IEEE 754 form; 3 TEXT and 4 BLOB, the length in 4 bytes, then the bytes
/// (text as UTF-8). Numbers are big-endian. So NULL, '', 0, 0.0 and x'' all differ, and no value can run into its neighbour.
/// </summary>
internal sealed class RowHasher(FingerprintBuilder fingerprint) : IDisposable
{
    // Rows up to this size are hashed in one call; a larger one goes through in parts, so that a row of 1 GB is not copied.
    private const int BufferBytes = 64 * 1024;

    private readonly byte[] buffer = new byte[BufferBytes];
    private int used;
    private bool inParts;
    private IncrementalHash? parts;

    public void AddRow(Sqlite3Statement row, int columns)
    {
        for (var column = 0; column < columns; column++)
        {
            switch (row.GetValueType(column))
            {
                case Sqlite3.TypeInteger:
                    AddNumber(1, row.GetInt64(column));
                    break;
                case Sqlite3.TypeFloat:
                    AddNumber(2, BitConverter.DoubleToInt64Bits(row.GetDouble(column)));
                    break;
                case Sqlite3.TypeText:
                    AddBytes(3, row.GetTextBytes(column));
                    break;
                case Sqlite3.TypeBlob:
                    AddBytes(4, row.GetBlob(column));
                    break;
                default:
                    Reserve(1)[0] = 0;
                    break;
            }
        }
        EndRow();
    }

    private void AddNumber(byte type, long bits)
    {
        var span = Reserve(9);
        span[0] = type;
        BinaryPrimitives.WriteInt64BigEndian(span[1..], bits);
    }

    private void AddBytes(byte type, ReadOnlySpan<byte> content)
    {
        var span = Reserve(5);
        span[0] = type;
        BinaryPrimitives.WriteInt32BigEndian(span[1..], content.Length);
        if (content.Length > BufferBytes)
        {
            Flush();
            parts!.AppendData(content);
            return;
        }
        content.CopyTo(Reserve(content.Length));
    }

    private Span<byte> Reserve(int count)
    {
        if (used + count > BufferBytes)
        {
            Flush();
        }
        used += count;
        return buffer.AsSpan(used - count, count);
    }

    private void Flush()
    {
        parts ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        parts.AppendData(buffer, 0, used);
        used = 0;
        inParts = true;
    }

    private void EndRow()
    {
        if (inParts)
        {
            Flush();
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            parts!.GetHashAndReset(hash);
            fingerprint.AddHash(hash);
            inParts = false;
            return;
        }
        fingerprint.Add(buffer.AsSpan(0, used));
        used = 0;
    }

    public void Dispose() => parts?.Dispose();
}
