using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Engine.Restore.Transaction;
using Larder.Repository.Snapshots;
using Larder.Sources;
using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Engine.Restore;

/// <summary>What is done for one source, as the plan's lines tell it to people.</summary>
internal abstract record RestoreStep(ReadableSource Source)
{
    /// <summary>What is exchanged once all is written beside it; null where it is written over what stands there.</summary>
    public ExchangeRecord? Exchange { get; init; }

    /// <summary>Where it lies inside a folder that another step exchanges; then it has no exchange of its own. Null otherwise.</summary>
    public NestedPlace? Nested { get; init; }

    /// <summary>Whether it is written over what stands there, so that only a backup of that leads back.</summary>
    public bool Overwrites => Exchange is null && Nested is null;

    /// <summary>How the target is found again.</summary>
    public TargetAddress Address { get; init; } = new(AddressKind.Path);
}

/// <summary>A file tree that is written below a root.</summary>
/// <param name="Root">Absolute. In place there may be several of one source, one for each folder that holds a configured path.</param>
/// <param name="Starts">What is written.</param>
/// <param name="IsWholeListing">Whether <paramref name="Starts"/> is all that the root shall hold.</param>
internal sealed record TreeStep(ReadableSource Source, string Root, IReadOnlyList<TreeStart> Starts, bool IsWholeListing)
    : RestoreStep(Source);

/// <summary>A single file that replaces another in one moment: a database, a command's output.</summary>
/// <param name="Target">Absolute.</param>
/// <param name="File">Its node.</param>
/// <param name="Recorded">What the manifest has of it.</param>
internal sealed record FileStep(ReadableSource Source, string Target, Node File, IReadOnlyList<EntryFacts> Recorded) : RestoreStep(Source)
{
    public bool IsDatabase => Source.Engine == "sqlite";
}

/// <summary>A dump that is read into a database server.</summary>
/// <param name="Restore">Made for the server.</param>
/// <param name="Plan">What it said that it would do.</param>
/// <param name="Saved">What to back up before; null where nothing stands there.</param>
internal sealed record ServerStep(ReadableSource Source, IDumpRestore Restore, DumpRestorePlan Plan, SourceSettings? Saved)
    : RestoreStep(Source);
