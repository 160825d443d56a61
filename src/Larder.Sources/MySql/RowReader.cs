using System.Security.Cryptography;

namespace Larder.Sources.MySql;

/// <summary>
/// Reads the rows of INSERTs and adds them to a fingerprint. A row's encoding is its text in the dump, parentheses included: columns in
/// the order of the table, strings in utf8mb4, binary values in hexadecimal digits, times in UTC.
/// </summary>
internal sealed class RowReader(SqlScanner scanner, FingerprintBuilder fingerprint) : IDisposable
{
    private readonly byte[] hash = new byte[SHA256.HashSizeInBytes];
    private IncrementalHash? longRow;
    private bool isLong;

    /// <summary>The SHA-256 of the last whole row.</summary>
    public ReadOnlySpan<byte> LastHash => hash;

    /// <summary>As <see cref="SqlScanner.TryReadRow"/>.</summary>
    public SqlRow TryRead(out ReadOnlySpan<byte> bytes)
    {
        var row = scanner.TryReadRow(out bytes);
        if (row == SqlRow.Part)
        {
            longRow ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            longRow.AppendData(bytes);
            isLong = true;
        }
        else if (row == SqlRow.Whole)
        {
            if (isLong)
            {
                longRow!.AppendData(bytes);
                longRow.GetHashAndReset(hash);
                isLong = false;
            }
            else
            {
                SHA256.HashData(bytes, hash);
            }
            fingerprint.AddHash(hash);
        }
        return row;
    }

    public void Dispose() => longRow?.Dispose();
}
