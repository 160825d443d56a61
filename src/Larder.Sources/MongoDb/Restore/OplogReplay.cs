using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Applies the writes that were made while a dump was taken to the staged collections, so that all of them are as of the moment when the
/// dump ended. Every entry may be applied to documents that have it already: the server takes an insert for a replacement and an update
/// of what is not there yet for an insert, and what then should not be there is deleted by a later entry.
/// </summary>
internal sealed class OplogReplay(
    IStoredDump dump,
    RestoreConnection connection,
    RestoreWork work,
    List<StagedCollection> staged,
    List<RestoreItem> views,
    DumpRestoreRequest request,
    Action<long> advance)
{
    // An applyOps command is itself one entry of the server's oplog, so a batch stays well below a document.
    private const int BatchBytes = 4 * 1024 * 1024;
    private const int BatchEntries = 5000;
    private const string Buckets = "system.buckets.";
    private const string Views = ".system.views";

    private readonly Dictionary<string, StagedCollection> byName =
        staged.ToDictionary(collection => collection.Item.Dumped.FullName, StringComparer.Ordinal);

    private readonly Dictionary<string, List<byte[]>> openTransactions = new(StringComparer.Ordinal);
    private readonly List<byte[]> batch = [];
    private int batchBytes;
    private EntryPath path;

    /// <summary>
    /// Fails with <see cref="SourceException"/>: <see cref="SourceError.Damaged"/> for what is no oplog, and
    /// <see cref="SourceError.TargetFailed"/> for an entry that cannot be applied to part of a server, such as a rename.
    /// </summary>
    public async Task ExecuteAsync(StoredDocuments oplog, CancellationToken cancellationToken)
    {
        path = oplog.Path;
        await using var stream = await dump.OpenAsync(oplog.Path, cancellationToken);
        var reader = new DocumentReader(stream, oplog.Path);
        while (await reader.ReadAsync(cancellationToken) is { Length: > 0 } entry)
        {
            try
            {
                await ApplyAsync(entry, cancellationToken);
            }
            catch (BsonException error)
            {
                throw new SourceException(SourceError.Damaged, $"{oplog.Path} holds an entry that is none: {error.Message}", error);
            }
            advance(entry.Length);
        }
        await FlushAsync(cancellationToken);
    }

    private async Task ApplyAsync(ReadOnlyMemory<byte> entry, CancellationToken cancellationToken)
    {
        switch (Bson.FindString(entry.Span, "op"))
        {
            case "i" or "u" or "d":
                await WriteAsync(entry, cancellationToken);
                break;
            case "c":
                await CommandAsync(entry, cancellationToken);
                break;
            default:
                break; // "n" notes something.
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> entry, CancellationToken cancellationToken)
    {
        if (Bson.FindString(entry.Span, "ns") is { } name && name.EndsWith(Views, StringComparison.Ordinal))
        {
            ReplayView(name[..^Views.Length], entry.Span);
            return;
        }
        if (Rewrite(entry.Span) is not { } rewritten)
        {
            return;
        }
        if (batch.Count >= BatchEntries || batchBytes + rewritten.Length > BatchBytes)
        {
            await FlushAsync(cancellationToken);
        }
        batch.Add(rewritten);
        batchBytes += rewritten.Length;
    }

    // The same write to the temporary name. The collection's UUID and what belongs to the transaction it was part of are left behind.
    private byte[]? Rewrite(ReadOnlySpan<byte> entry)
    {
        if (Find(Bson.FindString(entry, "ns") ?? "") is not { IsDropped: false } collection)
        {
            return null;
        }
        var writer = new BsonWriter(entry.Length + 64);
        foreach (var element in new BsonReader(entry))
        {
            switch (element.Name)
            {
                case "ns":
                    writer.String("ns", $"{collection.Database}.{collection.DocumentsName}");
                    break;
                case "op" or "o" or "o2" or "b":
                    writer.Element(element);
                    break;
                default:
                    break;
            }
        }
        return writer.ToArray();
    }

    private StagedCollection? Find(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0 && name.AsSpan(dot + 1).StartsWith(Buckets))
        {
            name = string.Concat(name.AsSpan(0, dot + 1), name.AsSpan(dot + 1 + Buckets.Length));
        }
        return byName.GetValueOrDefault(name);
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
        {
            return;
        }
        await connection.RunAsync(
            "admin",
            writer =>
            {
                writer.StartArray("applyOps");
                foreach (var entry in batch)
                {
                    writer.Document(null, entry);
                }
                writer.End();
            },
            $"could not replay {path}",
            cancellationToken);
        batch.Clear();
        batchBytes = 0;
    }

    private async Task CommandAsync(ReadOnlyMemory<byte> entry, CancellationToken cancellationToken)
    {
        var command = Bson.Find(entry.Span, "o").AsDocument().ToArray();
        var kind = FirstName(command);
        if (kind is "applyOps" or "commitTransaction" or "abortTransaction")
        {
            await TransactionAsync(entry, command, kind, cancellationToken);
            return;
        }
        var database = (Bson.FindString(entry.Span, "ns") ?? "").Split('.')[0];
        if (kind == "dropDatabase")
        {
            foreach (var dropped in staged.Where(collection => collection.Item.Dumped.Database == database))
            {
                dropped.IsDropped = true; // Under its temporary name it stays until the end, and goes with the others.
            }
            return;
        }
        var name = Bson.FindString(command, kind) ?? "";
        if (kind == "create" && IsWanted(database, name))
        {
            await FlushAsync(cancellationToken);
            await CreateAsync(database, name, command, cancellationToken);
        }
        else if (Find(kind == "renameCollection" ? name : $"{database}.{name}") is { IsDropped: false } collection)
        {
            await FlushAsync(cancellationToken); // What came before belongs to the collection as it was.
            await DefinitionAsync(collection, kind, command, cancellationToken);
        }
    }

    // One that came while the dump was taken is part of a restore of its whole database.
    private bool IsWanted(string database, string name) =>
        (!name.StartsWith("system.", StringComparison.Ordinal) || name.StartsWith(Buckets, StringComparison.Ordinal))
        && Find($"{database}.{name}") is null or { IsDropped: true }
        && work.WholeDatabases.ContainsKey(database);

    private async Task CreateAsync(string database, string name, byte[] command, CancellationToken cancellationToken)
    {
        var isTimeSeries = name.StartsWith(Buckets, StringComparison.Ordinal);
        var options = isTimeSeries ? TimeSeriesOptions.FromBuckets(command) : Without(command, "create", "idIndex", "uuid");
        var kind = isTimeSeries ? DumpKind.TimeSeries : DumpKind.Collection;
        var item = NewItem(database, isTimeSeries ? name[Buckets.Length..] : name, kind, options);
        var collection = new StagedCollection(item, request.Overwrites) { Options = item.Dumped.Options, Indexes = [] };
        staged.Add(collection);
        byName[item.Dumped.FullName] = collection;
        await collection.CreateAsync(connection, cancellationToken);
    }

    private RestoreItem NewItem(string database, string name, DumpKind kind, byte[] options)
    {
        var item = new RestoreItem
        {
            Dumped = new DumpCollection { Database = database, Name = name, Kind = kind, Options = options },
            TargetDatabase = work.WholeDatabases[database],
            TargetName = name,
            Names = work.Names.Next(),
            Standing = work.Standing.GetValueOrDefault($"{work.WholeDatabases[database]}.{name}"),
        };
        return request.MayReplace || item.Standing is not { HasDocuments: true }
            ? item
            : throw new SourceException(
                SourceError.TargetExists,
                $"{item.FullTarget}, which was created while the dump was taken, stands on the server and may not be replaced.");
    }

    // A view is a document: { _id: "db.name", viewOn, pipeline, collation }. That of a time series comes with its buckets.
    private void ReplayView(string database, ReadOnlySpan<byte> entry)
    {
        var definition = Bson.Find(entry, "o").AsDocument();
        var isDefinition = Bson.FindString(definition, "viewOn") is { } on && !on.StartsWith(Buckets, StringComparison.Ordinal);
        var id = Bson.FindString(definition, "_id") ?? Bson.FindString(entry, "o2._id") ?? "";
        var known = views.FindIndex(view => view.Dumped.FullName == id);
        switch (Bson.FindString(entry, "op"))
        {
            case "d" when known >= 0:
                views.RemoveAt(known);
                break;
            case "i" or "u" when isDefinition && known >= 0:
                views[known] = views[known] with { Dumped = views[known].Dumped with { Options = Without(definition, "_id") } };
                break;
            case "i" or "u" when isDefinition && work.WholeDatabases.ContainsKey(database):
                views.Add(NewItem(database, id[(database.Length + 1)..], DumpKind.View, Without(definition, "_id")));
                break;
            default:
                break;
        }
    }

    // Indexes are built after the documents, so what the oplog says of them changes what will be built.
    private async Task DefinitionAsync(StagedCollection collection, string kind, byte[] command, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case "drop":
                collection.IsDropped = true;
                await connection.DropAsync(collection.Written, cancellationToken);
                break;
            case "createIndexes":
                AddIndex(collection, Without(command, "createIndexes"));
                break;
            case "commitIndexBuild":
                Bson.CopyDocuments(Bson.Find(command, "indexes").AsDocument()).ForEach(index => AddIndex(collection, index));
                break;
            case "dropIndexes" or "deleteIndexes":
                var dropped = Bson.FindString(command, "index");
                collection.Indexes.RemoveAll(index => dropped == "*" || Bson.FindString(index, "name") == dropped);
                break;
            case "collMod" when !Bson.Find(command, "index").IsPresent:
                await connection.RunAsync(
                    collection.Database,
                    writer =>
                    {
                        writer.String("collMod", collection.Written.Name);
                        CopyAfterFirst(writer, command);
                    },
                    $"could not replay {path}",
                    cancellationToken);
                break;
            case "startIndexBuild" or "abortIndexBuild":
                break;
            default:
                throw new SourceException(
                    SourceError.TargetFailed,
                    $"{path} says that {collection.Item.Dumped.FullName} was changed by {kind} while the dump was taken, which cannot be "
                    + "replayed beside live data. Restore without it from another backup.");
        }
    }

    private static void AddIndex(StagedCollection collection, byte[] index)
    {
        var name = Bson.FindString(index, "name");
        collection.Indexes.RemoveAll(other => Bson.FindString(other, "name") == name);
        collection.Indexes.Add(index);
    }

    // A transaction is one entry, or several of which the last is not marked as partial; a prepared one counts when it is committed.
    private async Task TransactionAsync(ReadOnlyMemory<byte> entry, byte[] command, string kind, CancellationToken cancellationToken)
    {
        var session = Bson.Find(entry.Span, "lsid");
        var id = session.IsPresent
            ? Convert.ToHexString(session.Value) + Convert.ToHexString(Bson.Find(entry.Span, "txnNumber").Value)
            : "";
        var open = openTransactions.GetValueOrDefault(id) ?? [];
        if (kind == "applyOps")
        {
            open.AddRange(Bson.CopyDocuments(Bson.Find(command, "applyOps").AsDocument()));
            if (id.Length > 0 && (Bson.Find(command, "partialTxn").IsPresent || Bson.Find(command, "prepare").IsPresent))
            {
                openTransactions[id] = open;
                return;
            }
        }
        openTransactions.Remove(id);
        if (kind != "abortTransaction")
        {
            foreach (var write in open)
            {
                await ApplyAsync(write, cancellationToken);
            }
        }
    }

    private static string FirstName(ReadOnlySpan<byte> document)
    {
        var reader = new BsonReader(document);
        return reader.Read() ? reader.Current.Name : "";
    }

    private static byte[] Without(ReadOnlySpan<byte> document, params ReadOnlySpan<string> names)
    {
        var writer = new BsonWriter();
        foreach (var element in new BsonReader(document))
        {
            if (!names.Contains(element.Name))
            {
                writer.Element(element);
            }
        }
        return writer.ToArray();
    }

    private static void CopyAfterFirst(BsonWriter writer, ReadOnlySpan<byte> document)
    {
        var isFirst = true;
        foreach (var element in new BsonReader(document))
        {
            if (!isFirst)
            {
                writer.Element(element);
            }
            isFirst = false;
        }
    }
}
