using System.Text;

namespace Larder.Sources;

/// <summary>
/// Where an entry lies inside its source: raw bytes, segments parted by '/', no leading or trailing '/', never <c>.</c> or <c>..</c>. POSIX
/// names need not be UTF-8.
/// </summary>
public readonly struct EntryPath : IEquatable<EntryPath>
{
    private readonly byte[]? bytes;

    /// <param name="bytes">The path keeps this array.</param>
    public EntryPath(byte[] bytes) => this.bytes = bytes;

    public EntryPath(string text)
        : this(Encoding.UTF8.GetBytes(text))
    {
    }

    public ReadOnlySpan<byte> Bytes => bytes;

    public bool IsEmpty => Bytes.IsEmpty;

    /// <summary>The path of a child with this name.</summary>
    public EntryPath Append(ReadOnlySpan<byte> name) => IsEmpty ? new(name.ToArray()) : new([.. Bytes, (byte)'/', .. name]);

    public bool Equals(EntryPath other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is EntryPath other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>For people: bytes that are not UTF-8 are shown as U+FFFD.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);

    public static bool operator ==(EntryPath left, EntryPath right) => left.Equals(right);

    public static bool operator !=(EntryPath left, EntryPath right) => !left.Equals(right);
}
