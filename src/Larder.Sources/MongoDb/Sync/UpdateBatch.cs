namespace Larder.Sources.MongoDb.Sync;

/// <summary>
/// Some documents that take the place of others, each only where the other is still as it was seen. One command; not for concurrent use.
/// </summary>
internal sealed class UpdateBatch(string collection, string field)
{
    // Beyond 4 MiB nothing is gained. A document of 16 MiB goes alone, and a command of it just fits.
    private const int WantedBytes = 4 * 1024 * 1024;
    private const int StatementsMax = 1000;

    private readonly List<(DocumentId Id, SeenField Seen, byte[] Document)> statements = [];
    private long bytes;

    public IReadOnlyList<DocumentId> Ids => [.. statements.Select(statement => statement.Id)];

    public long Bytes => bytes;

    /// <returns>False where the document must go into the next batch; an empty one takes any.</returns>
    public bool TryAdd(DocumentId id, SeenField seen, byte[] document)
    {
        if (statements.Count > 0 && (statements.Count == StatementsMax || bytes + document.Length > WantedBytes))
        {
            return false;
        }
        statements.Add((id, seen, document));
        bytes += document.Length;
        return true;
    }

    public ReadOnlyMemory<byte> ToCommand()
    {
        var writer = new BsonWriter((int)bytes + (256 * (statements.Count + 1)));
        writer.String("update", collection);
        writer.StartArray("updates");
        foreach (var (id, seen, document) in statements)
        {
            writer.StartDocument();
            writer.StartDocument("q");
            writer.StartDocument("_id");
            id.Write(writer, "$eq");
            writer.End();
            seen.WriteUnchanged(writer, "$expr", field);
            writer.End();
            // Not as a plain replacement, where a name that begins with a dollar would be an operator.
            writer.StartArray("u");
            writer.StartDocument();
            writer.StartDocument("$replaceWith");
            writer.Document("$literal", document);
            writer.End();
            writer.End();
            writer.End();
            writer.Boolean("upsert", false);
            writer.End();
        }
        writer.End();
        writer.Boolean("ordered", false);
        writer.StartDocument("writeConcern");
        writer.String("w", "majority");
        writer.End();
        return writer.ToMemory();
    }

    public void Clear()
    {
        statements.Clear();
        bytes = 0;
    }
}
