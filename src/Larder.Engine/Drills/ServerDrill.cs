using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Servers;
using Larder.Sources;
using Larder.Sources.Dumps;
using Larder.Sources.Throwaway;

namespace Larder.Engine.Drills;

/// <summary>Restores one dump into a server of the drill's own, or into a scratch server, and looks at what stands there.</summary>
internal sealed class ServerDrill(
    EngineContext context, ReadableBackup backup, DrillSettings settings, DrillTally tally, RunProgress progress)
{
    // More connections than that gain nothing on a server that is not idle, and each one reads ahead 8 MiB.
    private const int JobsMax = 4;

    /// <summary>What is wrong goes to the tally. Thrown is what makes the drill impossible.</summary>
    public async Task RunAsync(ReadableSource source, CancellationToken cancellationToken)
    {
        var dump = await StoredSourceDump.ListAsync(backup.Trees, backup.Blobs, source.Tree, cancellationToken);
        var server = await tally.TimeAsync(source.Name, "start", () => StartAsync(source, dump, cancellationToken));
        tally.Sources.Add(new DrilledSource(source.Name, source.Engine, server.ShownName, source.Recorded?.EngineVersion));
        try
        {
            if (await RestoreAsync(source, dump, server, cancellationToken) is { } restored)
            {
                var found = await tally.TimeAsync(
                    source.Name, DrillTally.Comparing, () => server.ReadBackAsync(dump, restored, cancellationToken));
                tally.Hints.AddRange(server.NotReadBack.Select(reason => $"{source.Name}: {reason}"));
                tally.AddEntries(source.Name, EntryComparison.Compare(source.Name, source.Recorded?.Entries ?? [], found));
                await tally.TimeAsync(source.Name, "assertions", () => new DrillAssertions(context, settings, tally)
                    .AskServerAsync(source, server, cancellationToken));
            }
        }
        finally
        {
            progress.Phase = $"removing the drill of {source.Name}";
            await tally.TimeAsync(source.Name, "tear_down", async () => await server.DisposeAsync());
        }
    }

    private async Task<DrillServer> StartAsync(ReadableSource source, StoredSourceDump dump, CancellationToken cancellationToken)
    {
        progress.Phase = $"starting a server for {source.Name}";
        if (settings.Servers.GetValueOrDefault(source.Name) is { } url)
        {
            var text = await url.RevealAsync(cancellationToken);
            if (ServerUrl.EngineOf(text) != source.Engine)
            {
                throw new LarderException(
                    EngineError.DrillImpossible,
                    $"{url.Key} is not the URL of a {source.Engine} server, which source \"{source.Name}\" needs.");
            }
            return await ScratchServer.OpenAsync(
                source.Engine, text, dump, context.ScratchKeeper, context.Clock, cancellationToken);
        }
        return await ThrowawayServer.StartAsync(
            new ThrowawayRequest
            {
                Engine = source.Engine,
                DumpedVersion = source.Recorded?.EngineVersion,
                ProgramFolder = settings.Programs.GetValueOrDefault(source.Engine),
                ParentFolder = DrillPlace.Of(settings, source),
            },
            dump,
            context.Clock,
            cancellationToken);
    }

    /// <summary>
    /// To its end: what was written beside takes its place, so that the time that is measured is all that a restore takes.
    /// </summary>
    private async Task<DumpRestoreOutcome> RestoreAsync(
        IDumpRestore restore, StoredSourceDump dump, DumpRestorePlan plan, CancellationToken cancellationToken)
    {
        var outcome = await restore.RestoreAsync(dump, plan, progress.Advance, cancellationToken);
        if (plan.Exchange is { } record)
        {
            var exchange = restore.ExchangeFor(record);
            await exchange.ExchangeAsync(cancellationToken);
            await exchange.ForgetAsync(cancellationToken);
        }
        return outcome;
    }

    /// <summary>The one place that knows how a dump is restored.</summary>
    /// <returns>What was written; null where it could not be, which is in the tally.</returns>
    private async Task<IReadOnlyList<EntryFacts>?> RestoreAsync(
        ReadableSource source, StoredSourceDump dump, DrillServer server, CancellationToken cancellationToken)
    {
        progress.Phase = $"restoring {source.Name}";
        var target = (await ServerAtUrl.ReadAsync(Secret.FromText("drill", server.Url), cancellationToken))!;
        var restore = await context.Dumps.RestoreInto(target, cancellationToken);
        var entries = new List<EntryFacts>();
        foreach (var part in server.Parts)
        {
            var request = new DumpRestoreRequest
            {
                Entries = part.Database is { } database ? [database] : [],
                DatabaseName = part.Name,
                Jobs = Math.Clamp(Environment.ProcessorCount, 1, JobsMax),
                WithUsers = server.WithUsers,
                ReadsBack = true,
                MayReplace = true, // A new server has a database that everything has, and nothing else.
                // What was recorded is compared afterwards, so that the report names every entry that differs and not the first one.
            };
            var plan = await restore.PlanAsync(dump, request, cancellationToken);
            if (plan.Refusals.Count > 0)
            {
                throw new LarderException(
                    EngineError.DrillImpossible,
                    $"Source \"{source.Name}\" cannot be restored for the drill. {string.Join(' ', plan.Refusals)}");
            }
            try
            {
                var outcome = await tally.TimeAsync(
                    source.Name, DrillTally.Restoring, () => RestoreAsync(restore, dump, plan, cancellationToken));
                entries.AddRange(outcome.Entries);
                tally.AddWarnings(source.Name, outcome.Warnings);
            }
            catch (SourceException e) when (SpeaksAgainstBackup(e))
            {
                if (await server.FindCircumstanceAsync(e.Message, cancellationToken) is { } circumstance)
                {
                    throw new LarderException(
                        EngineError.DrillImpossible, $"Source \"{source.Name}\" was not drilled to its end. {circumstance}", e);
                }
                tally.AddDamage(source.Name, $"Source \"{source.Name}\" cannot be restored: {e.Message}");
                return null;
            }
        }
        return entries;
    }

    // A healthy, empty server took the plan and then refused the dump: that is the dump's fault. Room, time and connections are not.
    private static bool SpeaksAgainstBackup(SourceException e) => e.Error is SourceError.Mismatch or SourceError.Damaged
        or SourceError.ToolFailed or SourceError.TargetFailed or SourceError.TargetExists or SourceError.NotFound;
}
