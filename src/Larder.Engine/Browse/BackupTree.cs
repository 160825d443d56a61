namespace Larder.Engine.Browse;

/// <summary>What lies in a backup, for `larder ls`.</summary>
public static class BackupTree
{
    /// <summary>Lists a folder, or a file alone. A folder comes before what it contains; names ascend by their bytes.</summary>
    /// <param name="path">
    /// Begins at a source's name, <c>code/srv/app</c>; empty for the whole. Odd names in their quoted form, as they are listed.
    /// Fails with <see cref="Errors.EngineError.UnknownEntry"/>, naming what is near.
    /// </param>
    /// <param name="recursive">With everything below.</param>
    public static IAsyncEnumerable<ListedNode> ListAsync(ReadableBackup backup, string path, bool recursive, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
