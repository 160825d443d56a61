using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Which collections a dump's oplog writes to: what stands there after it was replayed is newer than the dumped documents.
/// </summary>
internal sealed class OplogNames
{
    private static readonly string[] Harmless =
        ["createIndexes", "startIndexBuild", "commitIndexBuild", "abortIndexBuild", "dropIndexes", "deleteIndexes", "collMod"];

    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    /// <summary>Whether a collection, <c>database.name</c>, is among them.</summary>
    public bool Contains(string fullName) => names.Contains(fullName) || names.Contains(fullName.Split('.')[0]);

    /// <summary>Fails with <see cref="SourceException"/>: <see cref="SourceError.Damaged"/> for what is no oplog.</summary>
    public static async Task<OplogNames> ReadAsync(IStoredDump dump, StoredDocuments? oplog, CancellationToken cancellationToken)
    {
        var found = new OplogNames();
        if (oplog is null)
        {
            return found;
        }
        await using var stream = await dump.OpenAsync(oplog.Path, cancellationToken);
        var reader = new DocumentReader(stream, oplog.Path);
        while (await reader.ReadAsync(cancellationToken) is { Length: > 0 } entry)
        {
            try
            {
                found.Add(entry.Span);
            }
            catch (BsonException error)
            {
                throw new SourceException(SourceError.Damaged, $"{oplog.Path} holds an entry that is none: {error.Message}", error);
            }
        }
        return found;
    }

    private void Add(ReadOnlySpan<byte> entry)
    {
        var name = Bson.FindString(entry, "ns") ?? "";
        switch (Bson.FindString(entry, "op"))
        {
            case "i" or "u" or "d":
                AddName(name);
                break;
            case "c":
                AddCommand(name.Split('.')[0], Bson.Find(entry, "o").AsDocument());
                break;
            default:
                break; // "n" notes something.
        }
    }

    private void AddCommand(string database, ReadOnlySpan<byte> command)
    {
        foreach (var element in new BsonReader(command))
        {
            var kind = element.Name.ToString();
            if (kind == "applyOps")
            {
                foreach (var nested in new BsonReader(element.Value))
                {
                    Add(nested.AsDocument());
                }
            }
            else if (kind == "dropDatabase")
            {
                names.Add(database);
            }
            else if (!Harmless.Contains(kind) && Bson.FindString(command, kind) is { } name)
            {
                AddName(kind == "renameCollection" ? name : $"{database}.{name}");
                AddName(Bson.FindString(command, "to") ?? "");
            }
            return; // The first element is the command.
        }
    }

    private void AddName(string name) =>
        names.Add(name.Replace($".{DumpNames.BucketsPrefix}", ".", StringComparison.Ordinal));
}
