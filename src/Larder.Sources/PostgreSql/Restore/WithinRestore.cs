using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Restores into a database that is there, in one transaction of our own rather than pg_restore's, for only so can the rows be read back
/// and compared before anything stands. One connection, so one table at a time.
/// </summary>
internal sealed class WithinRestore(
    RestoreLook look, IStoredDump dump, DumpRestoreRequest request, TimeProvider clock, Action<long> advance)
{
    public async Task RunAsync(
        RestoreWork work, List<EntryFacts> entries, List<SourceWarning> warnings, CancellationToken cancellationToken)
    {
        var found = await TargetErrors.ExplainAsync(
            $"The database {look.Server.Show(work.Target)} stands as before, because the restore failed",
            () => RestoreAsync(work, cancellationToken));
        entries.AddRange(found);
        warnings.AddRange(work.LeftOut.Select(key => new SourceWarning(
            $"{work.Dump.Name}.{key.Schema}.{key.Tag}",
            "The foreign key was left out, because the table that it refers to is not there.")));
    }

    private async Task<IReadOnlyList<EntryFacts>> RestoreAsync(RestoreWork work, CancellationToken cancellationToken)
    {
        await using var session = await LiveSession.BeginAsync(look.Server, work.Target, cancellationToken);
        var sent = work switch
        {
            { CopyName: { } name } => await CopyTableAsync(session, work, name, cancellationToken),
            { Part: DumpPart.Data } => await ReplaceRowsAsync(session, work, cancellationToken),
            _ => await ReplaceTablesAsync(session, work, cancellationToken),
        };
        var found = new List<EntryFacts>();
        foreach (var table in ReadBack.FindTables(work))
        {
            found.Add(await ReadBack.ReadTableAsync(session.Connection, work, table, content: true, cancellationToken));
        }
        RecordedFacts.Compare(request.Recorded, found, sent);
        await session.CommitAsync(cancellationToken);
        return found;
    }

    private async Task<IReadOnlyDictionary<string, long>> CopyTableAsync(
        LiveSession session, RestoreWork work, string name, CancellationToken cancellationToken)
    {
        var table = work.Tables[0];
        await session.ExecuteAsync(
            $"CREATE TABLE {SqlName.Quote(table.Schema!, name)} (LIKE {SqlName.Quote(table.Schema!, table.Tag!)} INCLUDING ALL)",
            cancellationToken);
        return await SendAsync(session, work, cancellationToken);
    }

    private async Task<IReadOnlyDictionary<string, long>> ReplaceTablesAsync(
        LiveSession session, RestoreWork work, CancellationToken cancellationToken)
    {
        if (work is { Tables.Count: 0, TargetIsEmpty: false })
        {
            await session.RunScriptAsync(DatabaseClearing.MakeScript(look.Server.MajorVersion), cancellationToken);
        }
        var scripts = new ArchiveScript(look.Tools!, clock);
        var tables = work.Tables.Count == 0 ? [] : work.Toc.Entries.Where(entry => entry.Kind == TocParts.Table).ToList();
        var there = await LiveTables.FindAsync(session.Connection, tables, cancellationToken);
        var keys = await LiveForeignKey.FindIncomingAsync(session.Connection, there.Values, cancellationToken);
        await RunAllAsync(session, keys.Select(key => key.DropStatement), cancellationToken);
        if (there.Count > 0)
        {
            var names = string.Join(", ", there.Keys.Select(table => SqlName.Quote(table.Schema!, table.Tag!)));
            await session.ExecuteAsync($"DROP TABLE {names}", cancellationToken); // At once: they may refer to each other.
        }
        await MakeAsync(session, scripts, work, cancellationToken);
        var sent = await SendAsync(session, work, cancellationToken);
        var postData = await scripts.WriteAsync(WithoutPrivileges(work.Toc), "post-data", cancellationToken);
        await session.RunScriptAsync(postData, cancellationToken);
        await PutBackAsync(session, keys, cancellationToken);
        return sent;
    }

    /// <summary>Privileges come last and alone, when those that the live database gives by itself have been taken away.</summary>
    private static async Task MakeAsync(LiveSession session, ArchiveScript scripts, RestoreWork work, CancellationToken cancellationToken)
    {
        var bare = WithoutPrivileges(work.Toc);
        var privileges = work.Toc with
        {
            Entries = [.. work.Toc.Entries.Where(entry => entry.Kind == "ACL" || TocParts.IsPreamble(entry))],
        };
        await session.RunScriptAsync(await scripts.WriteAsync(bare, "pre-data", cancellationToken), cancellationToken);
        var made = await LiveTables.FindAsync(
            session.Connection, [.. work.Toc.Entries.Where(entry => entry.Kind is TocParts.Table or "SEQUENCE")], cancellationToken);
        await RunAllAsync(
            session, await LivePrivileges.FindRevokesAsync(session.Connection, made.Values, cancellationToken), cancellationToken);
        await session.RunScriptAsync(await scripts.WriteAsync(privileges, "pre-data", cancellationToken), cancellationToken);
    }

    private async Task<IReadOnlyDictionary<string, long>> ReplaceRowsAsync(
        LiveSession session, RestoreWork work, CancellationToken cancellationToken)
    {
        var there = await LiveTables.FindAsync(session.Connection, [.. ReadBack.FindTables(work)], cancellationToken);
        var keys = await LiveForeignKey.FindAllAsync(session.Connection, there.Values, cancellationToken);
        await RunAllAsync(session, keys.Select(key => key.DropStatement), cancellationToken);
        if (request.MayReplace && there.Count > 0)
        {
            var names = string.Join(", ", there.Keys.Select(table => "ONLY " + SqlName.Quote(table.Schema!, table.Tag!)));
            await session.ExecuteAsync($"TRUNCATE {names}", cancellationToken);
        }
        var triggers = await LiveTrigger.FindAsync(session.Connection, there.Values, cancellationToken);
        await RunAllAsync(session, triggers.Select(trigger => trigger.DisableStatement), cancellationToken);
        var sent = await SendAsync(session, work, cancellationToken);
        await RunAllAsync(session, triggers.Select(trigger => trigger.EnableStatement), cancellationToken);
        await PutBackAsync(session, keys, cancellationToken);
        await RunAllAsync(
            session,
            work.Toc.Entries.Where(entry => entry.Kind == TocParts.ViewData).Select(entry => entry.Definition!.Trim()),
            cancellationToken);
        return sent;
    }

    private static ArchiveToc WithoutPrivileges(ArchiveToc toc) =>
        toc with { Entries = [.. toc.Entries.Where(entry => entry.Kind != "ACL")] };

    private static async Task PutBackAsync(LiveSession session, IReadOnlyList<LiveForeignKey> keys, CancellationToken cancellationToken)
    {
        foreach (var key in keys)
        {
            await TargetErrors.ExplainAsync(
                $"The foreign key {key.Name} of {key.Schema}.{key.Table} does not hold with the restored rows, "
                + "and everything stands as before",
                () => session.ExecuteAsync(key.AddStatement, cancellationToken));
            if (key.CommentStatement is { } comment)
            {
                await session.ExecuteAsync(comment, cancellationToken);
            }
        }
    }

    /// <summary>Rows, then large objects and the values of sequences.</summary>
    private async Task<IReadOnlyDictionary<string, long>> SendAsync(
        LiveSession session, RestoreWork work, CancellationToken cancellationToken)
    {
        var sent = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in ReadBack.FindTables(work))
        {
            sent[$"{work.Dump.Folder}/{table.DataFile}"] = await TableRows.SendAsync(
                session.Connection, dump, work.Dump, table, advance, cancellationToken);
        }
        foreach (var list in work.Toc.Entries.Where(entry => entry.Kind == TocEntry.LargeObjects))
        {
            await new LargeObjectWriter(session.Connection, dump, work.Dump, advance).WriteAsync(list, cancellationToken);
        }
        await RunAllAsync(
            session,
            work.Toc.Entries.Where(entry => entry.Kind == TocParts.SequenceSet).Select(entry => entry.Definition!.Trim()),
            cancellationToken);
        return sent;
    }

    private static async Task RunAllAsync(LiveSession session, IEnumerable<string> statements, CancellationToken cancellationToken)
    {
        foreach (var statement in statements)
        {
            await session.ExecuteAsync(statement, cancellationToken);
        }
    }
}
