namespace Larder.Sources.MongoDb.Restore;

/// <summary>What stands under which name in some databases, as it was listed and as the commands since have changed it.</summary>
internal sealed class StandingNames
{
    private readonly Dictionary<FullName, ServerCollection> standing = [];

    public IEnumerable<FullName> All => standing.Keys;

    public static async Task<StandingNames> ReadAsync(
        RestoreConnection connection, IEnumerable<string> databases, CancellationToken cancellationToken)
    {
        var names = new StandingNames();
        foreach (var database in databases.Distinct(StringComparer.Ordinal))
        {
            foreach (var collection in await ServerLook.ListAsync(connection, database, looksInside: false, cancellationToken))
            {
                names.standing[new FullName(database, collection.Name)] = collection;
            }
        }
        return names;
    }

    public StandingKind KindOf(FullName name)
    {
        var hasBuckets = standing.ContainsKey(name.Buckets);
        return standing.GetValueOrDefault(name) switch
        {
            null => hasBuckets ? StandingKind.BucketsOnly : StandingKind.Nothing,
            { IsTimeSeries: true } => hasBuckets ? StandingKind.TimeSeries : StandingKind.Hollow,
            { IsView: true } view => IsOfOwnBuckets(view) ? StandingKind.Hollow : StandingKind.View,
            _ => StandingKind.Collection,
        };
    }

    /// <summary>Whether there are documents, or a view of some.</summary>
    public bool Stands(FullName name) => KindOf(name) is not (StandingKind.Nothing or StandingKind.Hollow);

    /// <summary>Whether a time series was on its way from or to this name when somebody was ended.</summary>
    public bool IsTorn(FullName name) => KindOf(name) is StandingKind.Hollow or StandingKind.BucketsOnly;

    public bool IsView(FullName name) => KindOf(name) == StandingKind.View;

    /// <summary>Whether both are views, and the same.</summary>
    public bool AreSameViews(FullName one, FullName other) =>
        IsView(one) && IsView(other) && OptionsOf(one).Span.SequenceEqual(OptionsOf(other).Span);

    public ReadOnlyMemory<byte> OptionsOf(FullName name) => standing[name].Options;

    public void NoteMade(FullName name, string type, ReadOnlyMemory<byte> options) =>
        standing[name] = new ServerCollection(name.Database, name.Name, type, options, HasDocuments: false);

    public void NoteRenamed(FullName from, FullName to)
    {
        if (standing.Remove(from, out var moved))
        {
            standing[to] = moved with { Name = to.Name };
        }
    }

    /// <summary>Of a time series, its buckets too.</summary>
    public void NoteDropped(FullName name)
    {
        standing.Remove(name);
        standing.Remove(name.Buckets);
    }

    // As such, and not as a time series, some servers list it while its buckets are gone.
    private static bool IsOfOwnBuckets(ServerCollection view) =>
        Bson.FindString(view.Options.Span, "viewOn") == DumpNames.BucketsPrefix + view.Name;
}

/// <summary>What kind of thing stands under a name.</summary>
internal enum StandingKind
{
    Nothing,
    Collection,
    View,
    TimeSeries,

    /// <summary>A time series whose buckets are gone: they were renamed.</summary>
    Hollow,

    /// <summary>The buckets of a time series that nothing shows yet: they were renamed.</summary>
    BucketsOnly,
}
