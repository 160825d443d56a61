namespace Larder.Sources.MongoDb.Sync;

/// <summary>What a sync did, or with a dry run would do.</summary>
/// <param name="Collections">In order of their names; those that were the same on both sides too.</param>
/// <param name="LeftOut">What is on one of the sides and is not synced, each with the reason.</param>
public sealed record SyncOutcome(IReadOnlyList<SyncedCollection> Collections, IReadOnlyList<SourceWarning> LeftOut)
{
    /// <summary>Documents that a server refused, and that are on one side only or differ.</summary>
    public long Refused => Collections.Sum(collection => collection.Refused);

    public long Conflicts => Collections.Sum(collection => collection.Conflicts);
}

/// <summary>What was done to one collection. Counts are documents.</summary>
public sealed class SyncedCollection(string name)
{
    /// <summary>So many conflicts are named; the others are counted. What people look through is no longer.</summary>
    public const int NamedMax = 100;

    private readonly List<SyncConflict> named = [];

    /// <summary><c>database.collection</c>, as the local side has it.</summary>
    public string Name => name;

    /// <summary>The side on which it was created: <c>local</c> or <c>remote</c>; null where both had it.</summary>
    public string? CreatedOn { get; internal set; }

    /// <summary>Only the local side had them.</summary>
    public long CopiedToRemote { get; internal set; }

    /// <summary>Only the remote side had them.</summary>
    public long CopiedToLocal { get; internal set; }

    /// <summary>The local side was newer, or won a conflict.</summary>
    public long UpdatedOnRemote { get; internal set; }

    public long UpdatedOnLocal { get; internal set; }

    /// <summary>Written or removed by somebody else while the sync was at them; the next sync sees to them.</summary>
    public long ChangedMeanwhile { get; internal set; }

    /// <summary>The field did not say which side is newer, and the local side won.</summary>
    public long Conflicts { get; private set; }

    /// <summary>A server refused the document: a unique index, a validator.</summary>
    public long Refused { get; private set; }

    /// <summary>Conflicts and refusals, at most <see cref="NamedMax"/> of them.</summary>
    public IReadOnlyList<SyncConflict> Named => named;

    public bool IsUnchanged =>
        CreatedOn is null && Named.Count == 0 && CopiedToLocal + CopiedToRemote + UpdatedOnLocal + UpdatedOnRemote + ChangedMeanwhile == 0;

    internal void AddConflict(DocumentId id, string reason)
    {
        Conflicts++;
        Keep(new SyncConflict(id.ToString(), false, reason));
    }

    internal void AddRefusal(DocumentId id, string reason)
    {
        Refused++;
        Keep(new SyncConflict(id.ToString(), true, reason));
    }

    private void Keep(SyncConflict conflict)
    {
        if (named.Count < NamedMax)
        {
            named.Add(conflict);
        }
    }
}

/// <summary>A document on which the sides disagree.</summary>
/// <param name="Id">Its <c>_id</c> in Extended JSON, cut where it is long.</param>
/// <param name="IsRefused">Whether a server refused it, so that the sides still differ; otherwise the local side won.</param>
/// <param name="Reason">In a whole sentence.</param>
public sealed record SyncConflict(string Id, bool IsRefused, string Reason);
