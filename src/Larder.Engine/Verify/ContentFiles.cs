namespace Larder.Engine.Verify;

/// <summary>
/// The files of a source. Only the names are kept that entries are looked up by: a source of a million files has no entries.
/// </summary>
internal sealed class ContentFiles
{
    // A dump has a file for each table; beyond this it is a folder of files, which has no entries.
    private const int NamedMax = 100_000;

    private readonly Dictionary<string, ContentFile> named = new(StringComparer.Ordinal);

    /// <summary>All files, also those whose names look alike because they are not UTF-8.</summary>
    public long Count { get; private set; }

    /// <summary>Bytes as the folders list them.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether any file could not be read; it was reported.</summary>
    public bool HasProblems { get; private set; }

    public IEnumerable<ContentFile> Named => named.Values;

    public void Add(ContentFile file)
    {
        Count++;
        Bytes += file.ListedBytes;
        HasProblems |= file.Problem is not null;
        if (named.Count < NamedMax)
        {
            named.TryAdd(file.Path, file);
        }
    }

    public ContentFile? Find(string path) => named.GetValueOrDefault(path);
}
