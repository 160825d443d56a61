using Larder.Sources.Dumps;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>What a restore of tables, or of rows alone, finds in the database it goes to.</summary>
internal static class TableLook
{
    public static async Task<RestoreWork> DecideAsync(
        TargetServer server, RestoreWork work, DumpRestoreRequest request, List<string> refusals, CancellationToken cancellationToken)
    {
        await using var connection = await server.ConnectAsync(work.Target, cancellationToken);
        return await TargetErrors.ExplainAsync(
            $"The database {server.Show(work.Target)} cannot be looked at",
            () => request.EntryName is { } name ? TableCopy.DecideAsync(connection, work, name, refusals, cancellationToken)
                : work.Part == DumpPart.Data
                ? DecideRowsAsync(connection, work, request, refusals, cancellationToken)
                : DecideTablesAsync(connection, work, request, refusals, cancellationToken));
    }

    private static async Task<RestoreWork> DecideRowsAsync(
        NpgsqlConnection connection,
        RestoreWork work,
        DumpRestoreRequest request,
        List<string> refusals,
        CancellationToken cancellationToken)
    {
        if (work.Tables.Count > 0)
        {
            var chosen = TableSelection.Collect(work.Dump.Toc, work.Tables).ToHashSet();
            var entries = work.Toc.Entries.Where(entry => chosen.Contains(entry) || TocParts.IsPreamble(entry));
            work = work with { Toc = work.Toc with { Entries = [.. entries] } };
        }
        var tables = ReadBack.FindTables(work).ToList();
        var there = await LiveTables.FindAsync(connection, tables, cancellationToken);
        refusals.AddRange(tables.Where(table => !there.ContainsKey(table)).Select(table =>
            $"There is no table {table.Schema}.{table.Tag} in {work.Target}, and rows alone need tables that are there."));
        var filled = new List<string>();
        foreach (var table in there.Keys)
        {
            if (await LiveTables.HasRowsAsync(connection, table, cancellationToken))
            {
                filled.Add($"{work.Target}.{table.Schema}.{table.Tag}");
            }
        }
        if (filled.Count > 0 && !request.MayReplace)
        {
            refusals.Add($"{Shorten(filled)} {(filled.Count == 1 ? "holds" : "hold")} rows already. Allow them to be replaced.");
        }
        return work with { Way = RestoreWay.Within, ReplacedTables = filled };
    }

    private static async Task<RestoreWork> DecideTablesAsync(
        NpgsqlConnection connection,
        RestoreWork work,
        DumpRestoreRequest request,
        List<string> refusals,
        CancellationToken cancellationToken)
    {
        var chosen = TableSelection.Collect(work.Dump.Toc, work.Tables)
            .Where(entry => work.Part == DumpPart.All || !TocParts.IsData(entry))
            .ToHashSet();
        var needed = await LiveTables.FindMissingAsync(connection, TableSelection.FindNeeded(work.Dump.Toc, chosen), cancellationToken);
        var keyless = await FindForeignKeysWithoutTableAsync(connection, work, chosen, cancellationToken);
        work = work with
        {
            Way = RestoreWay.Within,
            Toc = work.Toc with
            {
                Entries = [.. work.Dump.Toc.Entries.Where(entry =>
                    (chosen.Contains(entry) && !keyless.Contains(entry)) || needed.Contains(entry) || TocParts.IsPreamble(entry))],
            },
            LeftOut = [.. keyless],
        };
        var tables = chosen.Where(entry => entry.Kind == TocParts.Table).ToList();
        var there = await LiveTables.FindAsync(connection, tables, cancellationToken);
        var names = there.Keys.Select(table => $"{work.Target}.{table.Schema}.{table.Tag}").ToList();
        if (names.Count > 0 && !request.MayReplace)
        {
            var (verb, pronoun) = names.Count == 1 ? ("is", "it") : ("are", "them");
            refusals.Add($"{Shorten(names)} {verb} there. Allow {pronoun} to be replaced.");
        }
        var dependents = await LiveTables.FindDependentViewsAsync(connection, there.Values, cancellationToken);
        if (dependents.Count > 0)
        {
            refusals.Add(
                $"The views {Shorten(dependents)} depend on what would be replaced. Drop them first and make them again afterwards, or "
                + "restore the rows alone.");
        }
        var keys = await LiveForeignKey.FindIncomingAsync(connection, there.Values, cancellationToken);
        return work with
        {
            ReplacedTables = names,
            Steps =
            [
                .. keys.Select(key =>
                    $"The foreign key {key.Name} of {key.Schema}.{key.Table} is taken away and put back, which checks it anew."),
                .. keyless.Select(key => $"The foreign key {key.Tag} is left out, because the table that it refers to is not there."),
            ],
        };
    }

    /// <summary>Foreign keys of the chosen tables to tables that are neither chosen nor in the database.</summary>
    private static async Task<HashSet<TocEntry>> FindForeignKeysWithoutTableAsync(
        NpgsqlConnection connection, RestoreWork work, HashSet<TocEntry> chosen, CancellationToken cancellationToken)
    {
        var byId = work.Dump.Toc.Entries.ToDictionary(entry => entry.DumpId);
        var keys = chosen.Where(entry => entry.Kind == "FK CONSTRAINT").ToList();
        var targets = keys.SelectMany(key => key.Dependencies).Where(byId.ContainsKey).Select(id => byId[id])
            .Where(entry => entry.Kind == TocParts.Table && !chosen.Contains(entry)).Distinct().ToList();
        var there = await LiveTables.FindAsync(connection, targets, cancellationToken);
        var missing = targets.Where(table => !there.ContainsKey(table)).Select(table => table.DumpId).ToHashSet();
        return [.. keys.Where(key => key.Dependencies.Any(missing.Contains))];
    }

    private static string Shorten(List<string> names)
    {
        const int shownMax = 10;
        return names.Count <= shownMax
            ? string.Join(", ", names)
            : $"{string.Join(", ", names.Take(shownMax))} and {names.Count - shownMax} more";
    }
}
