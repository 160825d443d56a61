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
