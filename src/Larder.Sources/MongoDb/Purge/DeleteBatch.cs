namespace Larder.Sources.MongoDb.Purge;

/// <summary>
/// Some documents that are deleted, each only while it is exactly what it was. One command, written as it fills; not for concurrent use.
/// </summary>
/// <param name="collection">Its name.</param>
/// <param name="hasCollation">Whether the collection has a collation, by which other texts may count as the same.</param>
internal sealed class DeleteBatch(string collection, bool hasCollation)
{
    // As with inserts nothing is gained beyond 4 MiB; and no statement takes so long that the others wait.
    private const int WantedBytes = 4 * 1024 * 1024;
    private const int StatementsMax = 1000;

    private BsonWriter? writer;

    public int Documents { get; private set; }

    /// <returns>False where the document must go into the next batch; an empty one takes any.</returns>
    public bool TryAdd(ReadOnlySpan<byte> document)
    {
        if (Documents > 0 && (Documents == StatementsMax || writer!.Length + (2 * document.Length) > WantedBytes))
        {
            return false;
        }
        writer ??= Begin();
        var id = Bson.Find(document, "_id"u8);
        if (!id.IsPresent)
        {
            return true; // Only collections of the server's own have such; it stays, and is counted as kept.
        }
        writer.StartDocument();
        writer.StartDocument("q");
        writer.StartDocument("_id");
        writer.Raw(id.Type, "$eq", id.Value);
        writer.End();
        writer.StartDocument("$expr");
        writer.StartArray("$and");
        WriteEqual(document);
        WriteSize(document.Length);
        writer.End();
        writer.End();
        if (hasCollation)
        {
            WriteSchema(document);
        }
        writer.End();
        writer.Int32("limit", 1);
        writer.End();
        Documents++;
        return true;
    }

    public ReadOnlyMemory<byte> ToCommand()
    {
        writer!.End();
        writer.Boolean("ordered", false);
        writer.StartDocument("writeConcern");
        writer.String("w", "majority");
        writer.End();
        return writer.ToMemory();
    }

    public void Clear()
    {
        writer = null;
        Documents = 0;
    }

    private BsonWriter Begin()
    {
        var begun = new BsonWriter(64 * 1024);
        begun.String("delete", collection);
        begun.StartArray("deletes");
        return begun;
    }

    private void WriteEqual(ReadOnlySpan<byte> document)
    {
        writer!.StartDocument();
        writer.StartArray("$eq");
        writer.String(null, "$$ROOT");
        writer.StartDocument();
        writer.Document("$literal", document);
        writer.End();
        writer.End();
        writer.End();
    }

    // 1, 1.0 and NumberLong(1) are equal, and not of the same size.
    private void WriteSize(int bytes)
    {
        writer!.StartDocument();
        writer.StartArray("$eq");
        writer.StartDocument();
        writer.String("$bsonSize", "$$ROOT");
        writer.End();
        writer.Int32(null, bytes);
        writer.End();
        writer.End();
    }

    // Expressions compare by the collection's collation, to which "Bob" may be "BOB"; schemas compare texts as they are. A collation of
    // the statement's own would keep the server from finding the document by the index of _id.
    private void WriteSchema(ReadOnlySpan<byte> document)
    {
        writer!.StartDocument("$jsonSchema");
        writer.StartArray("enum");
        writer.Document(null, document);
        writer.End();
        writer.End();
    }
}
