using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// What a dump in mongodump's layout holds, found by its file names and its small files of metadata. Older and newer mongodumps differ in
/// details, all of which are read: a file of metadata may be missing, and names in it may be missing.
/// </summary>
internal sealed class DumpLayout
{
    public required IReadOnlyList<DumpCollection> Collections { get; init; }

    /// <summary>Writes that were made while the dump was taken; null where it was taken from one moment.</summary>
    public StoredDocuments? Oplog { get; init; }

    /// <summary>Of accounts: <c>admin/system.users.bson</c>, or <c>DB/$admin.system.users.bson</c> for those of one database.</summary>
    public required IReadOnlyList<StoredDocuments> Users { get; init; }

    public required IReadOnlyList<StoredDocuments> Roles { get; init; }

    /// <summary>What lies in the dump and is not restored, each a whole sentence.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    /// <summary>Reads the metadata. Fails with <see cref="SourceException"/>: <see cref="SourceError.Damaged"/>, naming the file.</summary>
    public static async Task<DumpLayout> ReadAsync(IStoredDump dump, CancellationToken cancellationToken)
    {
        var found = new Builder();
        foreach (var file in dump.Files.OrderBy(file => file.Path.ToString(), StringComparer.Ordinal))
        {
            found.Add(file);
        }
        var collections = new List<DumpCollection>();
        foreach (var pair in found.Pairs.Values)
        {
            // An empty file says as little as a missing one.
            var metadata = pair.Metadata is not { Bytes: > 0 } file
                ? new CollectionMetadata { CollectionName = DumpNames.Unescape(pair.FileName) }
                : await CollectionMetadata.ReadAsync(dump, file, cancellationToken);
            collections.Add(Describe(pair, metadata));
        }
        return new DumpLayout
        {
            Collections = JoinTimeSeries(collections),
            Oplog = found.Oplog,
            Users = found.Users,
            Roles = found.Roles,
            LeftOut = found.LeftOut,
        };
    }

    private static DumpCollection Describe(Pair pair, CollectionMetadata metadata)
    {
        // What the file says it is holds over its name, which is cut where the true name is long.
        var name = metadata.CollectionName;
        var kind = metadata.Kind switch
        {
            "view" => DumpKind.View,
            "timeseries" => DumpKind.TimeSeries,
            _ => name == "system.js" ? DumpKind.Functions : DumpKind.Collection,
        };
        return new DumpCollection
        {
            Database = pair.Database,
            Name = name,
            Kind = kind,
            Documents = kind == DumpKind.View ? null : pair.Documents,
            Options = metadata.Options ?? Bson.Empty,
            Indexes = metadata.Indexes,
        };
    }

    // The definition of a time series and its buckets are two pairs of files.
    private static List<DumpCollection> JoinTimeSeries(List<DumpCollection> collections)
    {
        var joined = collections.Where(collection => !IsBuckets(collection)).ToList();
        foreach (var buckets in collections.Where(IsBuckets))
        {
            var definition = joined.FindIndex(other => other.Kind == DumpKind.TimeSeries && IsBucketsOf(buckets, other));
            if (definition < 0)
            {
                throw new SourceException(
                    SourceError.Damaged,
                    $"The dump holds {buckets.Documents?.Path}, the buckets of a time series, and not the definition that belongs to it.");
            }
            joined[definition] = joined[definition] with { Documents = buckets.Documents };
        }
        return joined;
    }

    private static bool IsBuckets(DumpCollection collection) =>
        collection.Name.StartsWith(DumpNames.BucketsPrefix, StringComparison.Ordinal);

    // Buckets have no metadata that say the name. It may be cut in the file's, and some mongodumps write a space as a plus.
    private static bool IsBucketsOf(DumpCollection buckets, DumpCollection series)
    {
        var name = DumpNames.BucketsPrefix + series.Name;
        return buckets.Database == series.Database
            && (buckets.Name == name
                || buckets.Name.Replace('+', ' ') == name
                || buckets.Documents?.Path == new EntryPath($"{series.Database}/{DumpNames.Escape(name)}{DumpNames.BsonSuffix}"));
    }

    private sealed record Pair(string Database, string FileName)
    {
        public StoredDocuments? Documents { get; set; }

        public StoredFile? Metadata { get; set; }
    }

    private sealed class Builder
    {
        public Dictionary<(string, string), Pair> Pairs { get; } = [];

        public StoredDocuments? Oplog { get; private set; }

        public List<StoredDocuments> Users { get; } = [];

        public List<StoredDocuments> Roles { get; } = [];

        public List<string> LeftOut { get; } = [];

        public void Add(StoredFile file)
        {
            var path = file.Path.ToString();
            var parts = path.Split('/');
            var documents = new StoredDocuments(file.Path, file.Bytes);
            if (path == DumpNames.Oplog)
            {
                Oplog = file.Bytes > 0 ? documents : null;
            }
            else if (parts is ["prelude.json"] or [_, "prelude.json"])
            {
                // Who wrote the dump; nothing in it is restored.
            }
            else if (parts is not [var database, var name])
            {
                LeftOut.Add($"{path} is not part of a dump of MongoDB and is left out.");
            }
            else
            {
                Add(file, documents, database, name);
            }
        }

        private void Add(StoredFile file, StoredDocuments documents, string database, string name)
        {
            var isMetadata = name.EndsWith(DumpNames.MetadataSuffix, StringComparison.Ordinal);
            if (!isMetadata && !name.EndsWith(DumpNames.BsonSuffix, StringComparison.Ordinal))
            {
                LeftOut.Add($"{file.Path} is not part of a dump of MongoDB and is left out.");
                return;
            }
            var escaped = name[..^(isMetadata ? DumpNames.MetadataSuffix : DumpNames.BsonSuffix).Length];
            var collection = DumpNames.Unescape(escaped);
            switch (database, collection)
            {
                case ("admin", "system.users"):
                case (_, "$admin.system.users"):
                    AddUnlessMetadata(Users);
                    break;
                case ("admin", "system.roles"):
                case (_, "$admin.system.roles"):
                    AddUnlessMetadata(Roles);
                    break;
                case ("admin", _) when collection.StartsWith("system.", StringComparison.Ordinal):
                case (_, "$admin.system.version"):
                case (_, "system.indexes" or "system.namespaces" or "system.views" or "system.profile"):
                    break; // The server's own, made anew with what it describes.
                case ("config" or "local", _):
                    if (!isMetadata)
                    {
                        LeftOut.Add($"{database}.{collection} belongs to the server that was dumped and is not restored.");
                    }
                    break;
                default:
                    AddToPair(escaped);
                    break;
            }

            void AddUnlessMetadata(List<StoredDocuments> list)
            {
                if (!isMetadata)
                {
                    list.Add(documents);
                }
            }

            void AddToPair(string fileName)
            {
                if (!Pairs.TryGetValue((database, fileName), out var pair))
                {
                    pair = Pairs[(database, fileName)] = new Pair(database, fileName);
                }
                if (isMetadata)
                {
                    pair.Metadata = file;
                }
                else
                {
                    pair.Documents = documents;
                }
            }
        }
    }
}
