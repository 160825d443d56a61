using System.Security.Cryptography;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// Counts and fingerprints the rows of a data file as they pass, in pieces cut anywhere. A data file is COPY's text format: a row is a
/// line,
/// line breaks inside of values are escaped, and <c>\.</c> ends the rows, followed by empty lines. A row's bytes are its line without the
/// line break, in the database's encoding.
/// </summary>
internal sealed class CopyText : IDisposable
{
    // A row cut by the end of a piece is put together here; a longer one is hashed in parts, so a value of 1 GB is never held.
    private const int CarryBytesMax = 64 * 1024;

    private readonly byte[] carry = new byte[CarryBytesMax];
    private FingerprintBuilder fingerprint = new();
    private int carried;
    private bool inParts;
    private bool ended;
    private IncrementalHash? parts;

    private static ReadOnlySpan<byte> Terminator => "\\."u8;

    /// <summary>Fails with <see cref="SourceError.Damaged"/> where something stands behind the end of the rows.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (carried > 0 || inParts)
        {
            var end = bytes.IndexOf((byte)'\n');
            Carry(end < 0 ? bytes : bytes[..end]);
            if (end < 0)
            {
                return;
            }
            EndCarried();
            bytes = bytes[(end + 1)..];
        }
        while (!ended)
        {
            var end = bytes.IndexOf((byte)'\n');
            if (end < 0)
            {
                Carry(bytes);
                return;
            }
            AddRow(bytes[..end]);
            bytes = bytes[(end + 1)..];
        }
        if (bytes.ContainsAnyExcept((byte)'\n'))
        {
            throw new SourceException(SourceError.Damaged, "Something stands behind the end of its rows.");
        }
    }

    /// <summary>
    /// The fingerprint of the table that ends here; the next bytes belong to another. Fails with <see cref="SourceError.Damaged"/> where
    /// the
    /// rows did not come to their end.
    /// </summary>
    public Fingerprint EndTable()
    {
        if (!ended)
        {
            throw new SourceException(SourceError.Damaged, "Its rows break off: the line that ends them is missing.");
        }
        ended = false;
        var whole = fingerprint.ToFingerprint();
        fingerprint = new FingerprintBuilder();
        return whole;
    }

    public void Dispose() => parts?.Dispose();

    private void AddRow(ReadOnlySpan<byte> row)
    {
        if (row.Length == 2 && row.SequenceEqual(Terminator))
        {
            ended = true;
            return;
        }
        fingerprint.Add(row);
    }

    private void Carry(ReadOnlySpan<byte> bytes)
    {
        if (carried + bytes.Length > CarryBytesMax)
        {
            parts ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            parts.AppendData(carry, 0, carried);
            parts.AppendData(bytes);
            carried = 0;
            inParts = true;
            return;
        }
        bytes.CopyTo(carry.AsSpan(carried));
        carried += bytes.Length;
    }

    private void EndCarried()
    {
        if (!inParts)
        {
            AddRow(carry.AsSpan(0, carried));
            carried = 0;
            return;
        }
        parts!.AppendData(carry, 0, carried);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        parts.GetHashAndReset(hash);
        fingerprint.AddHash(hash);
        carried = 0;
        inParts = false;
    }
}
