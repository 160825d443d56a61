using System.Diagnostics.CodeAnalysis;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>One collection or time series that is written, under another name beside the live one or in its place.</summary>
internal sealed class StagedCollection(RestoreItem item, bool isInPlace)
{
    public RestoreItem Item { get; } = item;

    /// <summary>What it is called while it is written.</summary>
    public FullName Written => isInPlace ? Item.Target : Item.Beside;

    public bool IsTimeSeries => Item.Dumped.Kind == DumpKind.TimeSeries;

    /// <summary>Where its documents lie: of a time series, its buckets.</summary>
    public string DocumentsName => (IsTimeSeries ? Written.Buckets : Written).Name;

    public string Database => Item.TargetDatabase;

    /// <summary>As they are to be created; the replay of the oplog may change them.</summary>
    public required ReadOnlyMemory<byte> Options { get; set; }

    public required List<byte[]> Indexes { get; init; }

    /// <summary>Whether it was dropped while the dump was taken, by what the oplog says.</summary>
    public bool IsDropped { get; set; }

    /// <summary>What was fed to the server and counted there.</summary>
    public EntryFacts? Facts { get; set; }

    [MemberNotNullWhen(true, nameof(ExpireAfter))]
    private bool ExpiresByItself => ExpireAfter is not null && (IsTimeSeries || Bson.Find(Options.Span, "clusteredIndex").IsPresent);

    private long? ExpireAfter => Bson.Find(Options.Span, "expireAfterSeconds") is { IsPresent: true } found ? found.AsInt64() : null;

    private bool HasCollation => Bson.Find(Options.Span, "collation").IsPresent;

    /// <summary>
    /// Creates it with its options. Documents that are old by the collection's own clock are not to vanish before they are compared, so
    /// that clock is set by <see cref="FinishAsync"/>.
    /// </summary>
    public async Task CreateAsync(RestoreConnection connection, CancellationToken cancellationToken)
    {
        if (isInPlace && Item.Standing is not null)
        {
            await connection.DropAsync(Item.Target, cancellationToken);
        }
        await connection.RunAsync(
            Database,
            writer =>
            {
                writer.String("create", Written.Name);
                WriteOptions(writer);
            },
            $"could not create {(isInPlace ? "" : $"{Written} for ")}{Item.FullTarget}",
            cancellationToken);
    }

    /// <summary>Makes of it what it is to be, after the documents: the indexes, all at once, and its clock.</summary>
    public async Task FinishAsync(RestoreConnection connection, CancellationToken cancellationToken)
    {
        var indexes = IndexSpecs.ForCreation(Indexes, HasCollation);
        if (indexes.Count > 0)
        {
            await connection.RunAsync(
                Database,
                writer =>
                {
                    writer.String("createIndexes", Written.Name);
                    writer.StartArray("indexes");
                    foreach (var index in indexes)
                    {
                        writer.Document(null, index);
                    }
                    writer.End();
                },
                $"could not build the indexes of {Item.FullTarget}",
                cancellationToken);
        }
        if (ExpiresByItself)
        {
            await connection.RunAsync(
                Database,
                writer =>
                {
                    writer.String("collMod", Written.Name);
                    writer.Int64("expireAfterSeconds", ExpireAfter!.Value);
                },
                $"could not set how long documents of {Item.FullTarget} are kept",
                cancellationToken);
        }
    }

    private void WriteOptions(BsonWriter writer)
    {
        foreach (var option in new BsonReader(Options.Span))
        {
            // What older servers showed, and a newer one does not take.
            var isOld = option.Name is "autoIndexId" or "flags" or "temp" or "uuid" or "create";
            if (!isOld && (option.Name != "expireAfterSeconds" || !ExpiresByItself))
            {
                writer.Element(option);
            }
        }
    }
}
