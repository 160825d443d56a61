using Larder.Sources.MongoDb.Restore;
using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>What is to be dumped, as the server lists it now.</summary>
/// <param name="Databases">Their names, in order.</param>
/// <param name="IsWhole">Whether all databases were asked for.</param>
/// <param name="Collections">In order of database and name.</param>
/// <param name="NotCaptured">What stands there and a dump leaves out, with reasons.</param>
internal sealed record MongoCatalog(
    IReadOnlyList<string> Databases,
    bool IsWhole,
    IReadOnlyList<MongoCollection> Collections,
    IReadOnlyList<SourceWarning> NotCaptured)
{
    /// <summary>All that was there, dumped or not, by <c>database.collection</c>.</summary>
    public required IReadOnlySet<string> Listed { get; init; }

    /// <summary>What the user leaves out.</summary>
    public required NamePatterns Exclude { get; init; }

    /// <summary>Lists what the settings choose. Fails with <see cref="SourceException"/> where a named database is not there.</summary>
    public static async Task<MongoCatalog> ReadAsync(
        MongoConnection connection, MongoDbSettings settings, string? urlDatabase, CancellationToken cancellationToken)
    {
        var (databases, isWhole) = await ChooseAsync(connection, settings, urlDatabase, cancellationToken);
        var exclude = new NamePatterns(settings.Exclude);
        var collections = new List<MongoCollection>();
        var notCaptured = new List<SourceWarning>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var database in databases)
        {
            try
            {
                var listed = await ListAsync(connection, database, cancellationToken);
                if (listed.Count == 0 && !isWhole)
                {
                    throw new SourceException(
                        SourceError.NotFound, $"There is no database {database} at {connection.Host}, or it holds nothing.");
                }
                names.UnionWith(listed.Select(item => item.FullName));
                Choose(listed, exclude, collections, notCaptured);
            }
            catch (MongoException error) when (isWhole && database == "admin" && MongoErrors.IsNotAllowed(error))
            {
                notCaptured.Add(new SourceWarning(
                    "admin", "Users and roles are not in this backup, because the account may not read the database admin."));
            }
            catch (MongoException error)
            {
                throw MongoErrors.Describe(error, $"The collections of the database {database} cannot be listed", connection.Host);
            }
        }
        return new MongoCatalog(
            databases,
            isWhole,
            [.. collections.OrderBy(item => item.Database, StringComparer.Ordinal).ThenBy(item => item.Name, StringComparer.Ordinal)],
            notCaptured)
        {
            Listed = names,
            Exclude = exclude,
        };
    }

    /// <summary>All collections of a database, whatever they are.</summary>
    public static async Task<List<MongoCollection>> ListAsync(
        MongoConnection connection, string database, CancellationToken cancellationToken)
    {
        var list = new BsonWriter();
        list.Int32("listCollections", 1);
        var listed = await connection.ListAsync(database, list, cancellationToken);
        return [.. listed.Select(document => MongoCollection.Parse(database, document))];
    }

    private static async Task<(IReadOnlyList<string> Databases, bool IsWhole)> ChooseAsync(
        MongoConnection connection, MongoDbSettings settings, string? urlDatabase, CancellationToken cancellationToken)
    {
        if (!settings.AllDatabases && settings.Databases.Count > 0)
        {
            return (settings.Databases, false);
        }
        if (!settings.AllDatabases && !string.IsNullOrEmpty(urlDatabase))
        {
            return ([urlDatabase], false);
        }
        var list = new BsonWriter();
        list.Int32("listDatabases", 1);
        list.Boolean("nameOnly", true);
        var names = new List<string>();
        foreach (var item in Bson.CopyDocuments(
            Bson.Find(await connection.RunAsync("admin", list, cancellationToken), "databases").AsDocument()))
        {
            names.Add(Bson.FindString(item, "name") ?? "");
        }
        return ([.. names.Where(name => name is not ("local" or "config")).Order(StringComparer.Ordinal)], true);
    }

    // What is left out is what mongodump leaves out.
    private static void Choose(
        List<MongoCollection> listed, NamePatterns exclude, List<MongoCollection> collections, List<SourceWarning> notCaptured)
    {
        var uuids = listed.ToDictionary(item => item.Name, item => item.Uuid, StringComparer.Ordinal);
        var timeSeries = listed.Where(item => item.IsTimeSeries).Select(item => item.DataName).ToHashSet(StringComparer.Ordinal);
        var kept = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var item in listed.Where(item => !exclude.Match(item.Database, item.Name)))
        {
            if (item.IsTemporary)
            {
                notCaptured.Add(new SourceWarning(item.FullName, "A temporary collection, which the server drops by itself."));
            }
            else if (item.Name.StartsWith(DumpNames.BucketsPrefix, StringComparison.Ordinal) && !timeSeries.Contains(item.Name))
            {
                notCaptured.Add(new SourceWarning(item.FullName, "Buckets of a time series that is not there any more."));
            }
            else if (RestoreNames.IsKept(item.Name))
            {
                kept.Add(item.Database);
            }
            else if (!IsInternal(item.Database, item.Name))
            {
                collections.Add(item with { DataUuid = uuids.GetValueOrDefault(item.DataName) });
            }
        }
        notCaptured.AddRange(kept.Select(database => new SourceWarning(
            database, "Collections larder-old-… and larder-restore-…, which a restore keeps so that it can be undone.")));
    }

    private static bool IsInternal(string database, string name) => database switch
    {
        "admin" => name is "system.keys" or "system.views" || name.StartsWith(DumpNames.BucketsPrefix, StringComparison.Ordinal),
        _ => name.StartsWith("system.", StringComparison.Ordinal) && name != "system.js",
    };
}
