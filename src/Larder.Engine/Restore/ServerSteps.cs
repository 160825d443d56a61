using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Engine.Restore.Transaction;
using Larder.Engine.Servers;
using Larder.Sources;
using Larder.Sources.Dumps;

namespace Larder.Engine.Restore;

/// <summary>Plans what a dump does to a server.</summary>
internal static class ServerSteps
{
    // More connections than that gain nothing on a server that is not idle, and each one reads ahead 8 MiB.
    private const int DefaultJobsMax = 4;

    /// <summary>Fails with <see cref="SourceException"/> where the server cannot be talked to.</summary>
    public static async Task<ServerStep> PlanAsync(
        EngineContext context,
        ReadableBackup backup,
        ReadableSource source,
        ServerTarget target,
        TargetAddress address,
        string? entry,
        string token,
        RestoreRequest request,
        CancellationToken cancellationToken)
    {
        var asked = new DumpRestoreRequest
        {
            Entries = entry is null ? [] : [EntryNames.Resolve(backup, source, entry)],
            Part = request.Part,
            Token = token,
            Overwrites = request.Overwrites,
            EntryName = request.EntryName,
            Jobs = request.Jobs ?? Math.Clamp(Environment.ProcessorCount, 1, DefaultJobsMax),
            DatabaseName = target.DatabaseName,
            WithUsers = request.WithUsers,
            MayReplace = true, // The plan lists what would be replaced, and is executed only where it was confirmed.
            Recorded = RecordedEntries.FactsOf(source.Recorded?.Entries ?? []),
        };
        var restore = await context.Dumps.RestoreInto(target, cancellationToken);
        var dump = await StoredSourceDump.ListAsync(backup.Trees, backup.Blobs, source.Tree, cancellationToken);
        try
        {
            var plan = await restore.PlanAsync(dump, asked, cancellationToken);
            // What takes the place of live data is proven by its content; into an empty place, the counts of what arrived are enough.
            plan = plan with { Request = asked with { ReadsBack = plan.Replaced.Count > 0 } };
            return new ServerStep(source, restore, plan, ServerSource.Of(target, plan)) { Exchange = plan.Exchange, Address = address };
        }
        catch (SourceException e) when ((backup.ErrorContext with { Source = source.Name }).IsNotedOn(e))
        {
            throw;
        }
    }
}
