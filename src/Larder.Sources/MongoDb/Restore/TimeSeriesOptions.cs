namespace Larder.Sources.MongoDb.Restore;

/// <summary>What a time series was told when it was created. Its buckets were told it too, beside what the server adds.</summary>
internal static class TimeSeriesOptions
{
    public static byte[] FromBuckets(ReadOnlySpan<byte> options)
    {
        var writer = new BsonWriter();
        foreach (var option in new BsonReader(options))
        {
            if (option.Name is "timeseries" or "expireAfterSeconds" or "collation")
            {
                writer.Element(option);
            }
        }
        return writer.ToArray();
    }
}
