namespace Larder.Repository.Storage;

/// <summary>Where each file lies under a root folder: restic's default layout, packs in <c>data/00</c> to <c>data/ff</c>.</summary>
internal sealed class LocalLayout(string root)
{
    private const string TemporaryMark = "-tmp-";

    private static readonly FileKind[] KindsInFolders = [FileKind.Key, FileKind.Lock, FileKind.Snapshot, FileKind.Index, FileKind.Pack];

    public string Root => root;

    /// <summary>Every folder below the root, parents first.</summary>
    public IEnumerable<string> Folders =>
        KindsInFolders.Select(kind => Path.Combine(root, StorageKey.Directory(kind))).Concat(FoldersOf(FileKind.Pack));

    /// <summary>The folders that hold files of this kind.</summary>
    public IEnumerable<string> FoldersOf(FileKind kind)
    {
        var folder = Path.Combine(root, StorageKey.Directory(kind));
        return kind == FileKind.Pack ? Enumerable.Range(0, 256).Select(prefix => Path.Combine(folder, prefix.ToString("x2"))) : [folder];
    }

    public string FolderOf(StorageKey key)
    {
        var folder = Path.Combine(root, StorageKey.Directory(key.Kind));
        return key.Kind == FileKind.Pack ? Path.Combine(folder, key.Name.ToString()[..2]) : folder;
    }

    public string PathOf(StorageKey key) => Path.Combine(FolderOf(key), FileName(key));

    /// <summary>A path that no other writer uses, beside the final one so that the rename stays within one file system.</summary>
    public string TemporaryPathOf(StorageKey key) =>
        Path.Combine(FolderOf(key), FileName(key) + TemporaryMark + Guid.NewGuid().ToString("n"));

    /// <summary>Whether a name is that of a half written file, ours or restic's: <c>&lt;id&gt;-tmp-&lt;random&gt;</c>.</summary>
    public static bool IsTemporary(ReadOnlySpan<char> fileName)
    {
        var mark = fileName.IndexOf(TemporaryMark, StringComparison.Ordinal);
        return mark >= 0 && (fileName[..mark].SequenceEqual("config") || Hash256.TryParse(fileName[..mark], out _));
    }

    private static string FileName(StorageKey key) => key.Kind == FileKind.Config ? "config" : key.Name.ToString();
}
