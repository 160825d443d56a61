using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb;

/// <summary>One collection of a dump: its metadata and where its documents lie.</summary>
/// <param name="Name">As in the manifest: <c>database.collection</c>.</param>
/// <param name="Kind">As in the manifest: <c>collection</c>, <c>view</c>, <c>timeseries</c>, <c>users</c>, <c>oplog</c>, …</param>
/// <param name="Database">Its folder; empty for the oplog.</param>
/// <param name="Metadata">Null for accounts, the oplog, and collections of dumps without metadata.</param>
/// <param name="MetadataFile">Null where there is none.</param>
/// <param name="DataFile">Null for views.</param>
internal sealed record DumpedCollection(
    string Name, string Kind, string Database, CollectionMetadata? Metadata, StoredFile? MetadataFile, StoredFile? DataFile);

/// <summary>What lies in a dump of mongodump's layout, ours or mongodump's own.</summary>
internal static class DumpFiles
{
    /// <summary>
    /// Reads all metadata. Fails with <see cref="SourceException"/>: <see cref="SourceError.Damaged"/>, naming the file, where one does not
    /// parse or the documents of a collection are not there.
    /// </summary>
    public static async Task<IReadOnlyList<DumpedCollection>> ReadAsync(
        IStoredDump dump, Action<long> advance, CancellationToken cancellationToken)
    {
        var files = dump.Files.ToDictionary(file => file.Path.ToString(), StringComparer.Ordinal);
        var found = new List<DumpedCollection>();
        foreach (var (path, file) in files.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (path.EndsWith(DumpNames.MetadataSuffix, StringComparison.Ordinal) && path.Contains('/', StringComparison.Ordinal))
            {
                found.Add(Join(file, await CollectionMetadata.ReadAsync(dump, file, cancellationToken), files));
                advance(file.Bytes);
            }
        }
        var known = found.Select(item => item.DataFile?.Path.ToString()).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var others = files.Where(pair => pair.Key.EndsWith(DumpNames.BsonSuffix, StringComparison.Ordinal) && !known.Contains(pair.Key));
        // mongodump itself leaves an empty file for a view.
        var views = found.Where(item => item.Kind == "view").Select(item => item.Name).ToHashSet(StringComparer.Ordinal);
        found.AddRange(others.Select(pair => WithoutMetadata(pair.Value, pair.Key)).Where(item => !views.Contains(item.Name)));
        return found;
    }

    private static DumpedCollection Join(StoredFile file, CollectionMetadata metadata, Dictionary<string, StoredFile> files)
    {
        var path = file.Path.ToString();
        var database = path[..path.LastIndexOf('/')];
        var kind = metadata.Kind;
        var name = $"{database}.{metadata.CollectionName}";
        if (kind == "view")
        {
            return new DumpedCollection(name, kind, database, metadata, file, null);
        }
        // Beside it under the same name, however the tool that wrote it escapes names. Long names of buckets are shortened differently.
        var stem = path[(database.Length + 1)..^DumpNames.MetadataSuffix.Length];
        var dataPath = kind == "timeseries"
            ? $"{database}/{DumpNames.BucketsPrefix}{stem}{DumpNames.BsonSuffix}"
            : $"{database}/{stem}{DumpNames.BsonSuffix}";
        var longPath = $"{database}/{DumpNames.Escape(DumpNames.BucketsPrefix + metadata.CollectionName)}{DumpNames.BsonSuffix}";
        return files.TryGetValue(dataPath, out var data) || (kind == "timeseries" && files.TryGetValue(longPath, out data))
            ? new DumpedCollection(name, kind, database, metadata, file, data)
            : throw new SourceException(SourceError.Damaged, $"The dump has {path}, but not {dataPath} with the documents.");
    }

    private static DumpedCollection WithoutMetadata(StoredFile file, string path)
    {
        if (path == DumpNames.Oplog)
        {
            return new DumpedCollection("oplog", "oplog", "", null, null, file);
        }
        var slash = path.LastIndexOf('/');
        var database = slash < 0 ? "" : path[..slash];
        var collection = DumpNames.Unescape(path[(slash + 1)..^DumpNames.BsonSuffix.Length]);
        const string accounts = DumpNames.AccountsPrefix + "system.";
        var kind = collection.StartsWith(accounts, StringComparison.Ordinal) ? collection[accounts.Length..] : "collection";
        return new DumpedCollection($"{database}.{collection}", kind, database, null, null, file);
    }
}
