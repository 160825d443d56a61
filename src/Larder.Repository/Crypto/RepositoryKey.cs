using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Larder.Repository.Native;

namespace Larder.Repository.Crypto;

/// <summary>
/// A key of the repository format: seals and opens boxes of <c>IV(16) ciphertext MAC(16)</c>. Thread-safe; each call
/// borrows a keyed cipher from a small pool and allocates nothing. The secret is zeroed when it is disposed.
/// </summary>
public sealed class RepositoryKey : IDisposable
{
    /// <summary>How much longer a box is than its plaintext.</summary>
    public const int OverheadBytes = BoxCipher.IvBytes + BoxCipher.MacBytes;

    private readonly KeyMaterial material;
    private readonly bool portable;
    private readonly BoxCipher?[] idle = new BoxCipher?[2 * Environment.ProcessorCount];
    private volatile bool disposed;

    /// <summary>Takes ownership of the material.</summary>
    /// <param name="portable">Whether to do without libcrypto.</param>
    internal RepositoryKey(KeyMaterial material, bool portable)
    {
        this.material = material;
        this.portable = portable;
    }

    internal RepositoryKey(KeyMaterial material)
        : this(material, portable: !LibCrypto.IsAvailable)
    {
    }

    /// <summary>A new master key from the system's random source.</summary>
    public static RepositoryKey Generate()
    {
        var fresh = new KeyMaterial();
        do
        {
            RandomNumberGenerator.Fill(fresh.All);
        }
        while (!fresh.IsUsable);
        return new RepositoryKey(fresh);
    }

    /// <summary>Reads <c>{"mac":{"k":…,"r":…},"encrypt":…}</c>. The caller zeroes <paramref name="json"/>.</summary>
    /// <exception cref="RepositoryException">Damaged: it is not a key.</exception>
    public static RepositoryKey FromJson(ReadOnlySpan<byte> json) => new(ParseMaterial(json));

    internal static KeyMaterial ParseMaterial(ReadOnlySpan<byte> json)
    {
        var parsed = new KeyMaterial();
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            var mac = document.RootElement.GetProperty("mac"u8);
            ReadPart(document.RootElement.GetProperty("encrypt"u8), parsed.Encrypt);
            ReadPart(mac.GetProperty("k"u8), parsed.MacK);
            ReadPart(mac.GetProperty("r"u8), parsed.MacR);
            if (parsed.IsUsable)
            {
                return parsed;
            }
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // The inner exception may quote what it could not read, which may be a piece of a key, so it is not passed on.
        }
        parsed.Dispose();
        throw new RepositoryException(RepositoryError.Damaged, "The master key inside a key file is not one that can be used.");
    }

    private static void ReadPart(JsonElement element, Span<byte> part)
    {
        var bytes = element.GetBytesFromBase64();
        var fits = bytes.Length == part.Length;
        if (fits)
        {
            bytes.CopyTo(part);
        }
        CryptographicOperations.ZeroMemory(bytes);
        if (!fits)
        {
            throw new FormatException("A part of a key has the wrong length.");
        }
    }

    /// <summary>The secret itself, in the form of the format. The caller zeroes it.</summary>
    public byte[] ToJson()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("mac"u8);
            writer.WriteBase64String("k"u8, material.MacK);
            writer.WriteBase64String("r"u8, material.MacR);
            writer.WriteEndObject();
            writer.WriteBase64String("encrypt"u8, material.Encrypt);
            writer.WriteEndObject();
        }
        var json = buffer.WrittenSpan.ToArray();
        buffer.Clear(); // Overwrites what was written.
        return json;
    }

    /// <summary>Encrypts and authenticates under a fresh random IV.</summary>
    /// <param name="plain">May be empty, and may be the middle of <paramref name="box"/> itself (from byte 16 on) to seal in place.</param>
    /// <param name="box">Exactly <see cref="OverheadBytes"/> longer than <paramref name="plain"/>.</param>
    public void Seal(ReadOnlySpan<byte> plain, Span<byte> box)
    {
        if (box.Length != plain.Length + OverheadBytes)
        {
            throw new ArgumentException(
                $"A box for {plain.Length} bytes has {plain.Length + OverheadBytes}, not {box.Length}.", nameof(box));
        }
        var iv = box[..BoxCipher.IvBytes];
        var cipher = box[BoxCipher.IvBytes..^BoxCipher.MacBytes];
        RequireSameOrApart(plain, box, cipher);

        do
        {
            RandomNumberGenerator.Fill(iv);
        }
        while (!iv.ContainsAnyExcept((byte)0));

        var rented = Rent();
        rented.Encrypt(iv, plain, cipher, box[^BoxCipher.MacBytes..]);
        Return(rented);
    }

    /// <summary>
    /// Checks the MAC and only then decrypts. False, with <paramref name="plain"/> untouched, when the box is not one of this key.
    /// </summary>
    /// <param name="plain">
    /// Exactly <see cref="OverheadBytes"/> shorter than <paramref name="box"/>; may be its middle to open in place.
    /// </param>
    public bool TryOpen(ReadOnlySpan<byte> box, Span<byte> plain)
    {
        if (box.Length < OverheadBytes)
        {
            return false;
        }
        if (plain.Length != box.Length - OverheadBytes)
        {
            throw new ArgumentException(
                $"A box of {box.Length} bytes holds {box.Length - OverheadBytes}, not {plain.Length}.", nameof(plain));
        }
        var iv = box[..BoxCipher.IvBytes];
        var cipher = box[BoxCipher.IvBytes..^BoxCipher.MacBytes];
        RequireSameOrApart(plain, box, cipher);
        if (!iv.ContainsAnyExcept((byte)0))
        {
            return false; // The format calls an IV of zeros invalid.
        }

        Span<byte> mac = stackalloc byte[BoxCipher.MacBytes];
        var rented = Rent();
        rented.ComputeMac(iv, cipher, mac);
        var genuine = CryptographicOperations.FixedTimeEquals(mac, box[^BoxCipher.MacBytes..]);
        if (genuine)
        {
            rented.Decrypt(iv, cipher, plain);
        }
        Return(rented);
        return genuine;
    }

    /// <summary>A secret of its own for another purpose: HKDF-SHA256 of all 64 key bytes with the purpose as its info.</summary>
    /// <param name="purpose">Part of what a repository is: changing it changes the result.</param>
    public byte[] Derive(string purpose, int bytes)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var derived = new byte[bytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, material.All, derived, salt: [], info: Encoding.UTF8.GetBytes(purpose));
        return derived;
    }

    /// <summary>CTR can work in place, but not on memory that is shifted against itself.</summary>
    private static void RequireSameOrApart(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> box, ReadOnlySpan<byte> cipher)
    {
        if (plain.Overlaps(box) && !(plain.Overlaps(cipher, out var offset) && offset == 0))
        {
            throw new ArgumentException("The plaintext overlaps the box elsewhere than at the ciphertext's place.", nameof(plain));
        }
    }

    private BoxCipher Rent()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        for (var i = 0; i < idle.Length; i++)
        {
            if (Volatile.Read(ref idle[i]) is not null && Interlocked.Exchange(ref idle[i], null) is { } found)
            {
                return found;
            }
        }
        BoxCipher created = portable ? new PortableBoxCipher(material) : new OpenSslBoxCipher(material);
        if (disposed)
        {
            created.Dispose(); // It may have been keyed with zeros, and must not seal anything.
            throw new ObjectDisposedException(nameof(RepositoryKey));
        }
        return created;
    }

    // A cipher is returned only after a success; after an exception its state is unknown and its handles are finalized.
    private void Return(BoxCipher rented)
    {
        for (var i = 0; i < idle.Length; i++)
        {
            if (Volatile.Read(ref idle[i]) is null && Interlocked.CompareExchange(ref idle[i], rented, null) is null)
            {
                if (disposed)
                {
                    DisposeIdle(); // Disposed meanwhile: nobody else will come for it.
                }
                return;
            }
        }
        rented.Dispose();
    }

    private void DisposeIdle()
    {
        for (var i = 0; i < idle.Length; i++)
        {
            Interlocked.Exchange(ref idle[i], null)?.Dispose();
        }
    }

    public void Dispose()
    {
        disposed = true;
        Interlocked.MemoryBarrier();
        DisposeIdle();
        material.Dispose();
    }
}
