using Larder.Engine.Catalog;
using Larder.Sources.MongoDb.Sync;

namespace Larder.Engine.Sync;

/// <summary>What a sync says in the events of its run: a line for each collection in which something was done, and its conflicts.</summary>
public static class SyncLog
{
    internal static void Append(RunJournal journal, SyncedCollection one)
    {
        if (one.IsUnchanged)
        {
            return;
        }
        journal.Append(EventLevel.Info, $"Sync of {one.Name}: {Summary(one)}.");
        foreach (var conflict in one.Named)
        {
            var end = conflict.IsRefused ? "The sides still differ." : "The local side won.";
            journal.Append(EventLevel.Warning, $"Conflict in {one.Name}, _id {conflict.Id}: {conflict.Reason} {end}");
        }
        if (one.Conflicts + one.Refused - one.Named.Count is > 0 and var more)
        {
            journal.Append(EventLevel.Warning, $"{more} more conflicts in {one.Name} are counted and not named.");
        }
    }

    internal static void Append(RunJournal journal, SyncOutcome outcome)
    {
        var same = outcome.Collections.Count(collection => collection.IsUnchanged);
        journal.Append(EventLevel.Info, $"Sync ended: {outcome.Collections.Count - same} collections changed, {same} were the same.");
        foreach (var one in outcome.LeftOut)
        {
            journal.Append(EventLevel.Info, $"Not synced: {one.Path}. {one.Reason}");
        }
    }

    /// <summary>In words, without zeros.</summary>
    public static string Summary(SyncedCollection one)
    {
        var parts = new List<string>();
        Add(one.CopiedToRemote, "copied to remote");
        Add(one.CopiedToLocal, "copied to local");
        Add(one.UpdatedOnRemote, "updated on remote");
        Add(one.UpdatedOnLocal, "updated on local");
        Add(one.Conflicts, "in conflict");
        Add(one.Refused, "refused");
        Add(one.ChangedMeanwhile, "changed meanwhile");
        if (one.CreatedOn is { } side)
        {
            parts.Add($"created on {side}");
        }
        return parts.Count > 0 ? string.Join(", ", parts) : "the same on both sides";

        void Add(long count, string what)
        {
            if (count > 0)
            {
                parts.Add($"{count} {what}");
            }
        }
    }
}
