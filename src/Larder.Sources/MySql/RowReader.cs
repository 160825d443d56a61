using System.Security.Cryptography;

namespace Larder.Sources.MySql;

/// <summary>
/// Reads the rows of INSERTs and adds them to a fingerprint. A row's encoding is its text in the dump, parentheses included: columns in
/// the order of the table, strings in utf8mb4, binary values in hexadecimal digits, times in UTC.
/// </summary>
internal sealed class RowReader(SqlScanner scanner, FingerprintBuilder fingerprint) : IDisposable
{
    private readonly byte[] hash = new byte[SHA256.HashSizeInBytes];
    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256); // A fifth faster than one-shot.

    /// <summary>The SHA-256 of the last whole row.</summary>
    public ReadOnlySpan<byte> LastHash => hash;

    /// <summary>As <see cref="SqlScanner.TryReadRow"/>.</summary>
    public SqlRow TryRead(out ReadOnlySpan<byte> bytes)
    {
        var row = scanner.TryReadRow(out bytes);
        if (row is SqlRow.Part or SqlRow.Whole)
        {
            sha256.AppendData(bytes);
        }
        if (row == SqlRow.Whole)
        {
            sha256.GetHashAndReset(hash);
            fingerprint.AddHash(hash);
        }
        return row;
    }

    /// <summary>Reads the rows of one INSERT to their end.</summary>
    public async ValueTask SkipAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (TryRead(out _))
            {
                case SqlRow.NoMore:
                    return;
                case SqlRow.Hungry:
                    await scanner.FillAsync(cancellationToken);
                    break;
            }
        }
    }

    public void Dispose() => sha256.Dispose();
}
