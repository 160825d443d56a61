using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Writes whole databases beside the live ones, under the names that the plan's record has, and declares them whole at the end. What it
/// begins is the exchange's to forget.
/// </summary>
internal sealed class BesideRestore(
    RestoreLook look, PostgreSqlTarget target, TimeProvider clock, IStoredDump dump, DumpRestorePlan plan, Action<long> advance)
{
    private readonly DumpRestoreRequest request = plan.Request;
    private readonly ExchangeRecord record = plan.Exchange!;

    public async Task<DumpRestoreOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var entries = new List<EntryFacts>();
        foreach (var (work, part) in look.Works.Select(work => (work, FindPart(work))).ToList())
        {
            await FillAsync(work, part, entries, cancellationToken);
        }
        await new PostgreSqlExchange(target, record, clock, look.Server).MarkWholeAsync(cancellationToken);
        return new DumpRestoreOutcome { Entries = entries };
    }

    /// <summary>The server may have changed since the plan was made.</summary>
    private ExchangePart FindPart(RestoreWork work) =>
        record.Parts.FirstOrDefault(part => part.Live == work.Target) is { } part && (part.Old is not null) == work.TargetExists
            ? part
            : throw new SourceException(
                SourceError.TargetExists,
                $"The database {work.Target} {(work.TargetExists ? "has been made" : "has gone")} since the restore was planned. "
                + "Plan it again.");

    private async Task FillAsync(RestoreWork work, ExchangePart part, List<EntryFacts> entries, CancellationToken cancellationToken)
    {
        var server = look.Server;
        await ScratchDatabase.CreateAsync(server, work.Dump, part, DatabaseNames.SessionOf(record), cancellationToken);
        var archive = new ArchiveRestore(server, look.Tools!, clock) { Timeout = target.Server.Timeout };
        var sent = await archive.RunAsync(dump, work.Dump, work.Toc, part.Beside, request.Jobs, advance, cancellationToken);
        if (work.Part == DumpPart.All)
        {
            IReadOnlyDictionary<string, long> counted = request.ReadsBack
                ? new Dictionary<string, long>()
                : await InsertedRows.FindAsync(server, work, part.Beside, sent, clock, cancellationToken);
            var found = await ReadBack.ReadAsync(server, work, part.Beside, counted, request.ReadsBack, request.Jobs, cancellationToken);
            RecordedFacts.Compare(request.Recorded, found, sent.ToDictionary(pair => $"{work.Dump.Folder}/{pair.Key}", pair => pair.Value));
            entries.AddRange(found);
        }
        if (work.Tables.Count == 0)
        {
            var replaced = work.TargetExists && !work.TargetIsEmpty ? work.Target : null;
            await ScratchDatabase.SetPropertiesAsync(server, work.Dump, part, replaced, cancellationToken);
        }
    }
}
