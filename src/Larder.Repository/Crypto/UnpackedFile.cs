using Larder.Repository.Native;

namespace Larder.Repository.Crypto;

/// <summary>
/// The sealed JSON files beside the packs: index, snapshot and lock files, and <c>config</c>. From version 2 on the
/// plaintext begins with 0x02 and a zstd frame follows; a plaintext that begins with a brace or bracket is the JSON itself,
/// which every version may hold.
/// </summary>
public static class UnpackedFile
{
    private const byte CompressedMark = 0x02;
    private const int FirstCompressingVersion = 2;

    // JSON of ids compresses threefold at any level; restic uses its default, 3.
    private const int Level = 3;

    /// <summary>A box to store: compressed when the repository's version allows it.</summary>
    public static byte[] Encode(RepositoryKey key, ReadOnlySpan<byte> json, int version)
    {
        if (version < FirstCompressingVersion)
        {
            return EncodeRaw(key, json);
        }
        using var encoder = new ZstdEncoder(Level);
        var plain = new byte[1 + ZstdEncoder.BytesMax(json.Length)];
        plain[0] = CompressedMark;
        var bytes = 1 + encoder.Encode(json, plain.AsSpan(1));
        return EncodeRaw(key, plain.AsSpan(0, bytes));
    }

    /// <summary>A box that holds the JSON as it is: what <c>config</c> is in every version.</summary>
    public static byte[] EncodeRaw(RepositoryKey key, ReadOnlySpan<byte> json)
    {
        var box = new byte[json.Length + RepositoryKey.OverheadBytes];
        key.Seal(json, box);
        return box;
    }

    /// <summary>The JSON of a stored file.</summary>
    /// <param name="bytesMax">More than this is refused rather than allocated.</param>
    /// <exception cref="RepositoryException">Damaged: another key sealed it, its bytes changed, or it holds something else.</exception>
    public static byte[] Decode(RepositoryKey key, ReadOnlySpan<byte> box, int bytesMax)
    {
        if (box.Length <= RepositoryKey.OverheadBytes)
        {
            throw Damaged($"A sealed file has only {box.Length} bytes.");
        }
        var plain = new byte[box.Length - RepositoryKey.OverheadBytes];
        if (!key.TryOpen(box, plain))
        {
            throw Damaged("The MAC of a sealed file is wrong: its bytes have changed, or another key sealed it.");
        }
        switch (plain[0])
        {
            case (byte)'{' or (byte)'[':
                return plain.Length <= bytesMax ? plain : throw Damaged($"A sealed file holds more than {bytesMax} bytes of JSON.");
            case CompressedMark:
                using (var decoder = new ZstdDecoder())
                {
                    return decoder.TryDecodeWhole(plain.AsSpan(1), bytesMax)
                        ?? throw Damaged($"A sealed file is not a zstd frame of at most {bytesMax} bytes.");
                }
            default:
                throw Damaged($"A sealed file begins with the byte 0x{plain[0]:x2}, which is neither JSON nor compressed JSON.");
        }
    }

    private static RepositoryException Damaged(string message) => new(RepositoryError.Damaged, message);
}
