namespace Larder.Sources.MongoDb;

/// <summary>
/// Picks the entries of the oplog that concern the dumped collections. A transaction over several databases is written anew with those
/// of its operations that do. Fails with <see cref="SourceException"/> where a replay would not give what stood there.
/// </summary>
/// <param name="wanted">Whether a collection, by database and name, is in the dump.</param>
internal sealed class OplogPicker(Func<string, string, bool> wanted)
{
    public DocumentBatch Pick(ReadOnlyMemory<byte> array)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>(array.Length);
        var fingerprint = new FingerprintBuilder();
        foreach (var element in new BsonReader(array.Span))
        {
            var picked = PickEntry(element.AsDocument());
            if (!picked.IsEmpty)
            {
                fingerprint.Add(picked);
                System.Buffers.BuffersExtensions.Write(bytes, picked);
            }
        }
        return DocumentBatch.Of(bytes.WrittenMemory, fingerprint.ToFingerprint());
    }

    /// <returns>The entry, or what is left of it; empty where it does not concern the dump.</returns>
    internal ReadOnlySpan<byte> PickEntry(ReadOnlySpan<byte> entry)
    {
        var kind = Bson.FindString(entry, "op");
        if (kind is not ("i" or "u" or "d" or "c") || Bson.Find(entry, "fromMigrate").AsBoolean())
        {
            return default;
        }
        var space = Bson.FindString(entry, "ns") ?? "";
        var dot = space.IndexOf('.', StringComparison.Ordinal);
        var database = dot < 0 ? space : space[..dot];
        var body = Bson.Find(entry, "o");
        if (kind == "c" && body.Type == BsonType.Document)
        {
            return PickCommand(entry, database, body.AsDocument());
        }
        if (!wanted(database, space[(dot + 1)..]))
        {
            return default;
        }
        return space == "admin.system.version" ? throw Unreplayable("the version of the server's own data was changed") : entry;
    }

    private ReadOnlySpan<byte> PickCommand(ReadOnlySpan<byte> entry, string database, ReadOnlySpan<byte> command)
    {
        var first = new BsonReader(command);
        if (!first.Read())
        {
            return default;
        }
        var name = first.Current.Name;
        var target = first.Current.Type == BsonType.String ? first.Current.AsString() : "";
        switch (name)
        {
            case "applyOps":
                return PickOperations(entry, first.Current.AsDocument());
            case "commitTransaction" or "abortTransaction":
                return entry; // Of a transaction whose operations were picked, or left out, before.
            case "renameCollection":
                var renamed = IsWantedSpace(target) || IsWantedSpace(Bson.FindString(command, "to") ?? "");
                return renamed ? throw Unreplayable($"the collection {target} was renamed") : default;
            case "importCollection" when wanted(database, Bson.FindString(command, "importCollection") ?? ""):
                throw Unreplayable("a collection was imported");
            case "dropDatabase":
                return wanted(database, "") ? entry : default;
            default:
                return wanted(database, target) ? entry : default;
        }
    }

    private ReadOnlySpan<byte> PickOperations(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> operations)
    {
        var picked = new BsonWriter(operations.Length + 64);
        picked.StartArray("applyOps");
        var kept = 0;
        var seen = 0;
        foreach (var operation in new BsonReader(operations))
        {
            seen++;
            var left = PickEntry(operation.AsDocument());
            if (!left.IsEmpty)
            {
                picked.Document(null, left);
                kept++;
            }
        }
        picked.End();
        if (kept == seen)
        {
            return entry;
        }
        // Parts of a larger transaction stay, even empty, since the last of them ends it.
        var body = Bson.Find(entry, "o").AsDocument();
        var isPart = Bson.Find(body, "partialTxn").IsPresent || Bson.Find(body, "prepare").IsPresent || IsContinued(entry);
        return kept == 0 && !isPart ? default : Rewrite(entry, body, picked);
    }

    private static bool IsContinued(ReadOnlySpan<byte> entry) =>
        Bson.FindPath(entry, "prevOpTime.ts") is { IsPresent: true } previous && previous.AsTimestamp() != 0;

    private static byte[] Rewrite(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> body, BsonWriter operations)
    {
        var command = new BsonWriter(operations.Length + 64);
        var array = Bson.Find(operations.ToMemory().Span, "applyOps").Value;
        command.Array("applyOps", array);
        foreach (var element in new BsonReader(body))
        {
            if (!element.NameBytes.SequenceEqual("applyOps"u8))
            {
                command.Element(element);
            }
        }
        var rewritten = new BsonWriter(entry.Length + 64);
        foreach (var element in new BsonReader(entry))
        {
            if (element.NameBytes.SequenceEqual("o"u8))
            {
                rewritten.Document("o", command.ToMemory().Span);
            }
            else
            {
                rewritten.Element(element);
            }
        }
        return rewritten.ToArray();
    }

    private bool IsWantedSpace(string space)
    {
        var dot = space.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && wanted(space[..dot], space[(dot + 1)..]);
    }

    private static SourceException Unreplayable(string what) => new(
        SourceError.Damaged,
        $"While the backup was reading, {what}, which a restore cannot repeat from the oplog. Please back up again.");
}
