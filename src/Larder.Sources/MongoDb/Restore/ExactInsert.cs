namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Stores single documents as they are, by the way that replication takes: an insert fills in empty timestamps and moves <c>_id</c> to the
/// front. It needs more rights than an insert does; without them the document is inserted, and a warning says so.
/// </summary>
internal sealed class ExactInsert(StagedCollection staged, RestoreConnection connection, Action<SourceWarning> warn)
{
    /// <summary>Whether a document was not stored as it is.</summary>
    public bool IsForbidden { get; private set; }

    /// <returns>False where it must be inserted as any other.</returns>
    public async Task<bool> TryInsertAsync(ReadOnlyMemory<byte> document, CancellationToken cancellationToken)
    {
        if (IsForbidden || !Bson.Find(document.Span, "_id").IsPresent)
        {
            return false;
        }
        try
        {
            await connection.RunAsync(
                "admin",
                writer =>
                {
                    writer.StartArray("applyOps");
                    writer.StartDocument();
                    writer.String("op", "i");
                    writer.String("ns", $"{staged.Database}.{staged.DocumentsName}");
                    writer.Document("o", document.Span);
                    writer.End();
                    writer.End();
                },
                $"could not take a document of {staged.Item.FullTarget}",
                cancellationToken);
            return true;
        }
        catch (SourceException error) when (error.Error == SourceError.PermissionDenied)
        {
            IsForbidden = true;
            warn(new SourceWarning(
                staged.Item.FullTarget,
                $"{staged.Item.FullTarget} has documents with empty timestamps or with fields before _id, which the server changed on "
                + "their way in, because the account of the restore may not use applyOps."));
            return false;
        }
    }
}
