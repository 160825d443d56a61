using Larder.Sources.MongoDb.Restore;

namespace Larder.Sources.MongoDb.Sync;

/// <summary>A collection that is synced: what it is called on either side, and where it is missing.</summary>
/// <param name="Local">Its name there.</param>
/// <param name="Remote">Its name there.</param>
/// <param name="MissingOn">The side that has none yet; null where both have it.</param>
/// <param name="Options">Of the side that has it, for the side that has not.</param>
internal sealed record ChosenCollection(FullName Local, FullName Remote, SyncSide? MissingOn, ReadOnlyMemory<byte> Options);

/// <summary>What of two databases is synced, and what is not, and why.</summary>
internal sealed record SyncChoice(IReadOnlyList<ChosenCollection> Collections, IReadOnlyList<SourceWarning> LeftOut)
{
    public static async Task<SyncChoice> MakeAsync(
        SyncSide local, SyncSide remote, DatabasePair databases, IReadOnlyList<string> exclude, CancellationToken cancellationToken)
    {
        var here = (await local.ListAsync(databases.Local, cancellationToken)).ToDictionary(item => item.Name, StringComparer.Ordinal);
        var there = (await remote.ListAsync(databases.Remote, cancellationToken)).ToDictionary(item => item.Name, StringComparer.Ordinal);
        var excluded = new NamePatterns([.. exclude, .. exclude.Select(pattern => $"{databases.Local}.{pattern}")]);
        var (chosen, leftOut) = (new List<ChosenCollection>(), new List<SourceWarning>());
        foreach (var name in here.Keys.Union(there.Keys).Order(StringComparer.Ordinal))
        {
            var (mine, theirs) = (here.GetValueOrDefault(name), there.GetValueOrDefault(name));
            if (excluded.Match(databases.Local, name) || IsPartOfAnother(name))
            {
                continue;
            }
            if ((WhyNot(mine, local) ?? WhyNot(theirs, remote)) is { } reason)
            {
                leftOut.Add(new SourceWarning($"{databases.Local}.{name}", reason));
                continue;
            }
            chosen.Add(new ChosenCollection(
                new FullName(databases.Local, name),
                new FullName(databases.Remote, name),
                mine is null ? local : theirs is null ? remote : null,
                (mine ?? theirs)!.Options));
        }
        return new SyncChoice(chosen, leftOut);
    }

    // Buckets and definitions of views, and what restores keep: what they belong to is named, or they are nobody's data.
    private static bool IsPartOfAnother(string name) =>
        name == "system.views" || name.StartsWith(DumpNames.BucketsPrefix, StringComparison.Ordinal) || RestoreNames.IsKept(name);

    private static string? WhyNot(MongoCollection? item, SyncSide side) => item switch
    {
        null => null,
        { IsView: true } => $"It is a view on the {side.Name} side, which has no documents of its own.",
        { IsTimeSeries: true } => $"It is a time series on the {side.Name} side, whose measurements have no ids.",
        { IsCapped: true } => $"It is capped on the {side.Name} side: its old documents go by themselves.",
        { IsTemporary: true } => $"It is temporary on the {side.Name} side, and the server drops it by itself.",
        _ when item.Name.StartsWith("system.", StringComparison.Ordinal) => "It belongs to the server.",
        _ when Bson.Find(item.Options, "encryptedFields").IsPresent =>
            $"It has encrypted fields on the {side.Name} side, which only the client that encrypts them can write.",
        _ => null,
    };
}
