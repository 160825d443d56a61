namespace Larder.Repository.Storage;

/// <summary>The kinds of files in a repository.</summary>
public enum FileKind
{
    Config,
    Key,
    Lock,
    Snapshot,
    Index,
    Pack,
}

/// <summary>The name of one file: its kind and, except for <c>config</c>, the SHA-256 of its stored bytes.</summary>
public readonly record struct StorageKey(FileKind Kind, Hash256 Name)
{
    public static StorageKey Config => new(FileKind.Config, default);

    public static StorageKey Of(PackId id) => new(FileKind.Pack, id.Hash);

    public static StorageKey Of(IndexId id) => new(FileKind.Index, id.Hash);

    public static StorageKey Of(SnapshotId id) => new(FileKind.Snapshot, id.Hash);

    public static StorageKey Of(KeyId id) => new(FileKind.Key, id.Hash);

    /// <summary>The directory of a kind in the default layout: <c>data</c>, <c>index</c>, …; empty for <c>config</c>.</summary>
    public static string Directory(FileKind kind) => kind switch
    {
        FileKind.Config => "",
        FileKind.Key => "keys",
        FileKind.Lock => "locks",
        FileKind.Snapshot => "snapshots",
        FileKind.Index => "index",
        FileKind.Pack => "data",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>As people read it: <c>pack 3f9a1c20…</c>, <c>config</c>.</summary>
    public override string ToString() =>
        Kind == FileKind.Config ? "config" : $"{Kind.ToString().ToLowerInvariant()} {Name.ToString()[..8]}";
}

/// <summary>One file in a listing.</summary>
/// <param name="Key">Its name.</param>
/// <param name="LengthBytes">Its stored length in bytes.</param>
public readonly record struct StoredFile(StorageKey Key, long LengthBytes);
