using Larder.Sources.Dumps;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Carries out what was looked at: whole databases into new ones, tables into those that are there, and at the very end all names at once.
/// Until then, a failure drops what was made.
/// </summary>
internal sealed class BesideRestore(
    RestoreLook look, PostgreSqlTarget target, TimeProvider clock, IStoredDump dump, DumpRestoreRequest request, Action<long> advance)
{
    private static readonly TimeSpan CleanUpBound = TimeSpan.FromSeconds(60);

    private readonly List<ScratchDatabase> scratches = [];
    private readonly List<EntryFacts> entries = [];
    private readonly List<SourceWarning> warnings = [];

    public async Task<DumpRestoreOutcome> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var work in look.Works.Where(work => work.Way == RestoreWay.Beside))
            {
                await FillScratchAsync(work, cancellationToken);
            }
            foreach (var work in look.Works.Where(work => work.Way == RestoreWay.Within))
            {
                await new WithinRestore(look, dump, request, clock, advance).RunAsync(work, entries, warnings, cancellationToken);
            }
            var replaced = look.Works.Where(work => work.TargetExists).Select(work => work.Target).ToHashSet(StringComparer.Ordinal);
            if (scratches.Count > 0)
            {
                warnings.AddRange(await new DatabaseSwap(look.Server, clock).RunAsync(scratches, replaced, cancellationToken));
            }
        }
        catch (Exception error)
        {
            if (await DropScratchesAsync() is { } left)
            {
                throw new SourceException(
                    error is SourceException known ? known.Error : SourceError.TargetFailed, $"{error.Message} {left}", error);
            }
            throw;
        }
        return new DumpRestoreOutcome { Entries = entries, Warnings = warnings };
    }

    private async Task FillScratchAsync(RestoreWork work, CancellationToken cancellationToken)
    {
        var scratch = await ScratchDatabase.CreateAsync(look.Server, work.Dump, work.Target, clock.GetUtcNow(), cancellationToken);
        scratches.Add(scratch);
        var archive = new ArchiveRestore(look.Server, look.Tools!, clock) { Timeout = target.Server.Timeout };
        var sent = await archive.RunAsync(dump, work.Dump, work.Toc, scratch.Name, request.Jobs, advance, cancellationToken);
        if (work.Part == DumpPart.All)
        {
            IReadOnlyDictionary<string, long> counted = target.ReadsBack
                ? new Dictionary<string, long>()
                : await InsertedRows.FindAsync(look.Server, work, scratch.Name, sent, clock, cancellationToken);
            var found = await ReadBack.ReadAsync(
                look.Server, work, scratch.Name, counted, target.ReadsBack, request.Jobs, cancellationToken);
            RecordedFacts.Compare(request.Recorded, found, sent.ToDictionary(pair => $"{work.Dump.Folder}/{pair.Key}", pair => pair.Value));
            entries.AddRange(found);
        }
        if (work.Tables.Count == 0)
        {
            await SetPropertiesAsync(scratch, cancellationToken);
        }
    }

    /// <summary>Owner, comment, privileges and settings of the database itself.</summary>
    private async Task SetPropertiesAsync(ScratchDatabase scratch, CancellationToken cancellationToken)
    {
        await using var connection = await look.Server.ConnectAsync(cancellationToken);
        var doing = $"The database {scratch.FinalName} cannot be given the owner, privileges and settings it had";
        foreach (var statement in DatabaseProperties.MakeStatements(scratch.Dump.Toc, scratch.Name))
        {
            await TargetErrors.ExplainAsync(doing, async () =>
            {
                await using var command = new NpgsqlCommand(statement, connection);
                await command.ExecuteNonQueryAsync(cancellationToken);
            });
        }
    }

    /// <summary>What could not be dropped, in a sentence; null where all was.</summary>
    private async Task<string?> DropScratchesAsync()
    {
        using var bound = new CancellationTokenSource(CleanUpBound, clock);
        var left = new List<string>();
        foreach (var scratch in scratches)
        {
            try
            {
                await scratch.DropAsync(bound.Token);
            }
            catch (Exception error) when (error is NpgsqlException or SourceException or OperationCanceledException)
            {
                left.Add(scratch.Name);
            }
        }
        return left.Count == 0 ? null : $"The unfinished database {string.Join(", ", left)} could not be dropped; drop it by hand.";
    }
}
