using System.Text;

namespace Larder.Repository.Snapshots;

/// <summary>A file name as raw bytes, ordered and compared as bytes: POSIX names need not be UTF-8.</summary>
public readonly struct NodeName : IEquatable<NodeName>, IComparable<NodeName>
{
    private readonly byte[]? bytes;

    /// <param name="bytes">Not empty; the name keeps this array.</param>
    public NodeName(byte[] bytes) => this.bytes = bytes;

    public NodeName(string text)
        : this(Encoding.UTF8.GetBytes(text))
    {
    }

    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>
    /// The name as trees store it and as people see it: like a Go string literal without the quotes. Plain where the name is plain; a
    /// line feed is
    /// <c>\n</c>, a byte that is not UTF-8 is <c>\xff</c>.
    /// </summary>
    public string ToQuoted() => GoQuoting.Quote(Bytes);

    /// <inheritdoc cref="ToQuoted"/>
    public override string ToString() => ToQuoted();

    /// <summary>Undoes <see cref="ToQuoted"/>; reads every literal that Go's <c>strconv.Unquote</c> reads.</summary>
    public static bool TryFromQuoted(string quoted, out NodeName name) => TryFromQuoted(Encoding.UTF8.GetBytes(quoted), out name);

    internal static bool TryFromQuoted(ReadOnlySpan<byte> quoted, out NodeName name)
    {
        var isQuoted = GoQuoting.TryUnquote(quoted, out var unquoted);
        name = new NodeName(unquoted);
        return isQuoted;
    }

    public int CompareTo(NodeName other) => Bytes.SequenceCompareTo(other.Bytes);

    public bool Equals(NodeName other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is NodeName other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    public static bool operator ==(NodeName left, NodeName right) => left.Equals(right);

    public static bool operator !=(NodeName left, NodeName right) => !left.Equals(right);
}
