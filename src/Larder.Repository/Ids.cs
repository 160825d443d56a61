namespace Larder.Repository;

/// <summary>What a blob holds. The same bytes as data and as a tree are two different blobs.</summary>
public enum BlobKind : byte
{
    /// <summary>A piece of an entry's content.</summary>
    Data = 0,

    /// <summary>A directory listing.</summary>
    Tree = 1,
}

/// <summary>SHA-256 of a blob's plaintext, before compression.</summary>
public readonly record struct BlobId(Hash256 Hash) : IComparable<BlobId>
{
    public int CompareTo(BlobId other) => Hash.CompareTo(other.Hash);

    public override string ToString() => Hash.ToString();
}

/// <summary>SHA-256 of a pack file as stored.</summary>
public readonly record struct PackId(Hash256 Hash) : IComparable<PackId>
{
    public int CompareTo(PackId other) => Hash.CompareTo(other.Hash);

    public override string ToString() => Hash.ToString();
}

/// <summary>SHA-256 of a snapshot file as stored.</summary>
public readonly record struct SnapshotId(Hash256 Hash) : IComparable<SnapshotId>
{
    public int CompareTo(SnapshotId other) => Hash.CompareTo(other.Hash);

    public override string ToString() => Hash.ToString();
}

/// <summary>SHA-256 of an index file as stored.</summary>
public readonly record struct IndexId(Hash256 Hash)
{
    public override string ToString() => Hash.ToString();
}

/// <summary>SHA-256 of a key file as stored.</summary>
public readonly record struct KeyId(Hash256 Hash)
{
    public override string ToString() => Hash.ToString();
}
