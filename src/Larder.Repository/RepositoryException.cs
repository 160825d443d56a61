using Larder.Repository.Storage;

namespace Larder.Repository;

/// <summary>What went wrong in a repository. The engine gives each its number, hint and exit status.</summary>
public enum RepositoryError
{
    /// <summary>There is no repository at this location (no <c>config</c> file).</summary>
    NoRepository,

    /// <summary>A repository is there already.</summary>
    AlreadyExists,

    /// <summary>No key file opens with this password.</summary>
    WrongPassword,

    /// <summary>The repository's version or a file's form is not one that this program knows.</summary>
    Unsupported,

    /// <summary>Another process holds a lock that excludes ours.</summary>
    Locked,

    /// <summary>Our own lock could not be kept; nothing may be written any more.</summary>
    LockLost,

    /// <summary>A file that is named somewhere is not in the storage.</summary>
    FileMissing,

    /// <summary>A file's bytes are not what its name, its MAC or its form say.</summary>
    Damaged,

    /// <summary>No index names this blob, or no copy of it can be read.</summary>
    BlobMissing,

    /// <summary>The storage did not do what was asked: a network error, a permission, an I/O error.</summary>
    StorageFailed,

    /// <summary>The storage is full.</summary>
    StorageFull,

    /// <summary>The storage was opened for reading only.</summary>
    ReadOnly,

    /// <summary>An id prefix names no file, or several.</summary>
    NotUnique,

    /// <summary>What was asked for would leave the repository unusable, such as removing its last key.</summary>
    Refused,
}

/// <summary>
/// A repository could not do what was asked. The facts are properties; the message is a whole sentence with no secret in it.
/// </summary>
public sealed class RepositoryException : Exception
{
    public RepositoryException(RepositoryError error, string message, Exception? inner = null)
        : base(message, inner) => Error = error;

    public RepositoryError Error { get; }

    /// <summary>The file that it is about, when it is about one.</summary>
    public StorageKey? File { get; init; }

    /// <summary>Where the repository is, without credentials.</summary>
    public string? Location { get; init; }

    /// <summary>Whether the same call may succeed when repeated: a cut connection, say, but not a full disk.</summary>
    public bool IsTransient { get; init; }
}
