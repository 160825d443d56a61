namespace Larder.Sources.MongoDb.Restore;

/// <summary>Makes of indexes as <c>listIndexes</c> shows them what <c>createIndexes</c> takes.</summary>
internal static class IndexSpecs
{
    /// <param name="indexes">As a dump or a server has them.</param>
    /// <param name="hasCollation">Whether the collection has a collation of its own.</param>
    public static IReadOnlyList<byte[]> ForCreation(IEnumerable<byte[]> indexes, bool hasCollation) =>
        [.. indexes.Where(index => !IsMadeWithCollection(index)).Select(index => Clean(index, hasCollation))];

    // The index of _id and that of a clustered collection come with the collection.
    private static bool IsMadeWithCollection(ReadOnlySpan<byte> index) =>
        Bson.FindString(index, "name") == "_id_" || Bson.Find(index, "clustered").IsPresent || IsIdKey(Bson.Find(index, "key"));

    private static bool IsIdKey(BsonElement key)
    {
        if (!key.IsDocument)
        {
            return false;
        }
        var reader = new BsonReader(key.Value);
        // Only a plain _id; it may be indexed hashed as well.
        return reader.Read() && reader.Current.NameBytes.SequenceEqual("_id"u8)
            && reader.Current.Type is BsonType.Int32 or BsonType.Int64 or BsonType.Double && reader.Current.AsInt64() == 1
            && !reader.Read();
    }

    private static byte[] Clean(ReadOnlySpan<byte> index, bool hasCollation)
    {
        var writer = new BsonWriter(index.Length + 64);
        foreach (var element in new BsonReader(index))
        {
            // "ns" is not taken any more, and versions before 1 cannot be built any more.
            if (element.NameBytes.SequenceEqual("ns"u8) || (element.NameBytes.SequenceEqual("v"u8) && element.AsInt64() < 1))
            {
                continue;
            }
            writer.Element(element);
        }
        if (hasCollation && !Bson.Find(index, "collation").IsPresent)
        {
            // None is shown for the plain comparison of bytes, and none means the collection's when it is created.
            writer.StartDocument("collation");
            writer.String("locale", "simple");
            writer.End();
        }
        return writer.ToArray();
    }
}
