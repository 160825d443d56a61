using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>One database of a dump: a folder in pg_dump's directory format, with its table of contents read.</summary>
internal sealed record StoredDatabase
{
    /// <summary>The folder's name inside the source.</summary>
    public required string Folder { get; init; }

    /// <summary>The name the database had.</summary>
    public required string Name { get; init; }

    public required ArchiveToc Toc { get; init; }

    /// <summary>The folder's files by their names in it.</summary>
    public required IReadOnlyDictionary<string, StoredFile> Files { get; init; }

    /// <summary>How the manifest names a table of this database.</summary>
    public string NameEntry(TocEntry table) => ObjectName.Of(Name, table.Schema ?? "", table.Tag ?? "");

    /// <summary>Bytes of an entry's rows; 0 for what has none.</summary>
    public long CountBytes(TocEntry entry) => entry.DataFile is null ? 0 : Files[entry.DataFile].Bytes;

    /// <summary>
    /// Reads the tables of contents of all databases, in the order of their names. Fails with <see cref="SourceError.Damaged"/> where one
    /// does not parse or names a file that is not stored.
    /// </summary>
    public static async Task<IReadOnlyList<StoredDatabase>> ReadAllAsync(IStoredDump dump, CancellationToken cancellationToken)
    {
        var databases = new List<StoredDatabase>();
        var folders = dump.Files.Select(Split).Where(file => file.Folder.Length > 0).GroupBy(file => file.Folder, StringComparer.Ordinal);
        foreach (var folder in folders)
        {
            var files = folder.ToDictionary(file => file.Name, file => file.File, StringComparer.Ordinal);
            if (files.TryGetValue(DatabaseFolder.TocFile, out var toc))
            {
                databases.Add(await ReadAsync(dump, folder.Key, files, toc, cancellationToken));
            }
        }
        return [.. databases.OrderBy(database => database.Folder, StringComparer.Ordinal)];
    }

    private static async Task<StoredDatabase> ReadAsync(
        IStoredDump dump,
        string folder,
        Dictionary<string, StoredFile> files,
        StoredFile toc,
        CancellationToken cancellationToken)
    {
        await using var stream = await dump.OpenAsync(toc.Path, cancellationToken);
        var contents = await ArchiveToc.ReadAsync(stream, cancellationToken);
        var missing = contents.Entries.FirstOrDefault(entry => entry.DataFile is { } file && !files.ContainsKey(file));
        if (missing is not null)
        {
            throw new SourceException(
                SourceError.Damaged,
                $"The dump of the database {folder} is not whole: its table of contents names the file {missing.DataFile}, which is not "
                + "stored.");
        }
        return new StoredDatabase
        {
            Folder = folder,
            Name = contents.Header.DatabaseName ?? DatabaseFolder.Decode(folder),
            Toc = contents,
            Files = files,
        };
    }

    private static (string Folder, string Name, StoredFile File) Split(StoredFile file)
    {
        var path = file.Path.ToString();
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? ("", path, file) : (path[..slash], path[(slash + 1)..], file);
    }
}
