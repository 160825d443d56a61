using System.Globalization;
using Larder.Sources.Dumps;

namespace Larder.Sources.MySql;

/// <summary>Looks at a dump and a server, and says what a restore would do.</summary>
internal sealed class RestorePlanner(IStoredDump dump, DumpRestoreRequest request, RestoreConnection connection)
{
    private readonly List<string> steps = [];
    private readonly List<string> replaced = [];
    private readonly List<string> refusals = [];

    public async Task<DumpRestorePlan> PlanAsync(CancellationToken cancellationToken)
    {
        var inventory = DumpInventory.Of(dump);
        var selections = RestoreSelection.Of(inventory, request);
        if (request.DatabaseName is not null && selections.Count > 1)
        {
            refusals.Add($"Only one database can be restored to another name, and {selections.Count} were asked for; name one of them.");
        }
        if (request.Overwrites && request.Part != DumpPart.Data)
        {
            refusals.Add(
                "This server commits with every definition, so tables cannot be overwritten in one transaction. Leave --in-place out, or "
                + "restore the rows alone (--data-only).");
        }
        if (request.EntryName is not null)
        {
            refusals.Add(
                "A table of this server cannot be restored under another name. Restore it into another database instead, which --target "
                + "names.");
        }
        if (request.WithUsers)
        {
            if (inventory.Users is null)
            {
                refusals.Add("The dump holds no accounts, so they cannot be restored.");
            }
            else
            {
                steps.Add("Make the accounts and roles that are not there, and grant the rights that the dump holds.");
            }
        }
        foreach (var selection in selections)
        {
            await (request.Part == DumpPart.Data
                ? PlanRowsAsync(selection, cancellationToken)
                : PlanStagedAsync(selection, cancellationToken));
        }
        if (selections.Count > 1 && request.Part != DumpPart.Data)
        {
            steps.Add("Do each of these steps for all databases before the next, and put all of them back if one fails.");
        }
        var feed = new DumpFeed(dump, connection, _ => { });
        steps.AddRange((await FindMissingDefinersAsync(feed, inventory, request, connection, cancellationToken))
            .Select(definer => $"Take note: {definer}; restore the accounts too, or make it."));
        return new DumpRestorePlan
        {
            Request = request,
            Target = string.Create(
                CultureInfo.InvariantCulture,
                $"mysql://{connection.Server}/{(selections.Count == 1 ? selections[0].Target : "")}"),
            Steps = steps,
            Replaced = replaced,
            Refusals = refusals,
            Bytes = selections.Sum(CountBytes) + (request.WithUsers ? inventory.Users?.Bytes ?? 0 : 0),
        };
    }

    /// <summary>Accounts that something of the dump runs as and that are not on the server, each as the beginning of a sentence.</summary>
    public static async Task<IReadOnlyList<string>> FindMissingDefinersAsync(
        DumpFeed feed,
        DumpInventory inventory,
        DumpRestoreRequest request,
        RestoreConnection connection,
        CancellationToken cancellationToken)
    {
        if (request.Part == DumpPart.Data)
        {
            return [];
        }
        var definers = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var file in RestoreSelection.Of(inventory, request).Select(selection => selection.Source.After).OfType<StoredFile>())
        {
            await foreach (var _ in feed.ReadAsync(file, Note, cancellationToken))
            {
                // Only the definers are wanted.
            }
        }
        if (definers.Count == 0)
        {
            return [];
        }
        HashSet<string> accounts;
        try
        {
            accounts = (await connection.Client.QueryAsync("SELECT CONCAT(User, '@', Host) FROM mysql.user;", cancellationToken))
                .Select(row => row[0]).ToHashSet(StringComparer.Ordinal);
        }
        catch (SourceException error) when (error.Error == SourceError.PermissionDenied)
        {
            return []; // This account may not know who is there.
        }
        return [.. definers.Where(definer => !accounts.Contains(definer))
            .Select(definer => $"views, triggers, routines or events of the dump run as {definer}, who is not on this server")];

        byte[]? Note(SqlScanner scanner)
        {
            if (AfterStatement.Of(scanner.Text.Span).Definer is { } definer)
            {
                definers.Add(definer);
            }
            return null;
        }
    }

    private async Task PlanStagedAsync(RestoreSelection selection, CancellationToken cancellationToken)
    {
        var target = new LiveDatabase(connection.Client, selection.Target);
        var isThere = await target.IsThereAsync(cancellationToken);
        var standing = isThere ? await target.ReadObjectsAsync(cancellationToken) : [];
        var leaving = selection.IsWhole
            ? standing
            : [.. standing.Where(item => selection.Tables.Contains(item.Name, StringComparer.Ordinal))];
        var hasMore = isThere && selection.IsWhole && await target.CountRoutinesAsync(cancellationToken) > 0;
        if (leaving.Count > 0 || hasMore)
        {
            replaced.AddRange(selection.IsWhole ? [selection.Target] : leaving.Select(item => item.FullName));
            if (!request.MayReplace)
            {
                refusals.Add(selection.IsWhole
                    ? $"The database {selection.Target} is there and not empty; allow replacing it, or restore to another name."
                    : $"The database {selection.Target} has {Join(leaving.Select(item => item.Name))} already; "
                        + "allow replacing, or restore to another name.");
            }
            await RefuseReferencesAsync(target, selection, leaving, cancellationToken);
        }
        if (!selection.IsWhole && leaving.Any(item => item.IsView))
        {
            refusals.Add($"In {selection.Target} there are views of the same names as tables of the dump: "
                + $"{Join(leaving.Where(item => item.IsView).Select(item => item.Name))}; drop them first.");
        }

        var rows = request.Part == DumpPart.Schema ? "" : $" and load their rows with {Math.Max(1, request.Jobs)} clients at once";
        steps.Add($"Make {selection.Tables.Count} tables of {selection.Source.Name} in a new database beside {selection.Target}{rows}, "
            + "with foreign key checks off.");
        if (request.Part != DumpPart.Schema)
        {
            steps.Add("Read all rows back from the server and compare their fingerprints with the dump and the backup's record.");
        }
        steps.Add("Make triggers, routines and views there too, as a rehearsal, and take them away again.");
        if (leaving.Count > 0 || hasMore)
        {
            steps.Add(selection.IsWhole
                ? $"Take away the triggers, views, routines and events of {selection.Target}, which no rename can move, "
                    + "and keep them as a script."
                : $"Take away the triggers of the tables that are replaced in {selection.Target}, and keep them as a script.");
        }
        steps.Add($"Rename the tables into {selection.Target}{(leaving.Count > 0 ? ", and those that stand there away," : "")} "
            + "in one statement.");
        steps.Add(selection.IsWhole
            ? $"Make the triggers, routines, events and views in {selection.Target}."
            : $"Add the foreign keys and triggers of the tables in {selection.Target}.");
        var unknown = leaving
            .Where(item => item.IsTable && !selection.Source.Rows.ContainsKey(item.Name)).Select(item => item.Name).ToList();
        if (unknown.Count > 0)
        {
            steps.Add($"Take note: the dump does not hold {Join(unknown)}, which stand in {selection.Target} and go with the rest.");
        }
        if (leaving.Count > 0)
        {
            steps.Add("Drop what stood there. If anything fails before this, the tables are renamed back and the script is run.");
            steps.Add("Take note: nothing of what stood there is kept beside afterwards. After a kill, and for a rollback, it comes "
                + "back from the safety backup.");
        }
    }

    // A foreign key follows the table that it points at, also when that is renamed away.
    private async Task RefuseReferencesAsync(
        LiveDatabase target, RestoreSelection selection, IReadOnlyList<MySqlObject> leaving, CancellationToken cancellationToken)
    {
        var names = leaving.Select(item => item.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (from, fromDatabase, to) in await target.ReadReferencesAsync(cancellationToken))
        {
            if (names.Contains(to) && !(fromDatabase == target.Name && names.Contains(from)))
            {
                refusals.Add(
                    $"The table {fromDatabase}.{from}, which is not restored, has a foreign key to {target.Name}.{to}, "
                    + "which would be replaced; "
                    + (selection.IsWhole ? "drop that key first." : "restore that table too, or the whole database."));
            }
        }
    }

    private async Task PlanRowsAsync(RestoreSelection selection, CancellationToken cancellationToken)
    {
        var target = new LiveDatabase(connection.Client, selection.Target);
        var standing = (await target.ReadObjectsAsync(cancellationToken)).ToDictionary(item => item.Name, StringComparer.Ordinal);
        var triggers = (await target.ReadTriggersAsync(cancellationToken))
            .Select(trigger => trigger.Table).ToHashSet(StringComparer.Ordinal);
        var engines = (await connection.Client.QueryAsync(
            "SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES';", cancellationToken))
            .Select(row => row[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var table in selection.Tables)
        {
            var name = $"{selection.Target}.{table}";
            if (!standing.TryGetValue(table, out var there) || !there.IsTable)
            {
                refusals.Add($"There is no table {name} to write rows into; restore its definition too.");
                continue;
            }
            if (triggers.Contains(table))
            {
                refusals.Add($"The table {name} has triggers, which would run for every row; drop them first, or restore the table whole.");
            }
            if (there.Type == "SYSTEM VERSIONED")
            {
                refusals.Add($"The table {name} keeps its history, which rows alone cannot replace; restore the table whole.");
            }
            if (!engines.Contains(there.StorageEngine))
            {
                refusals.Add($"The table {name} is of the engine {there.StorageEngine}, which cannot take rows back; "
                    + "restore the table whole.");
            }
            if (await target.HasRowsAsync(table, cancellationToken))
            {
                replaced.Add(name);
                if (!request.MayReplace)
                {
                    refusals.Add($"The table {name} has rows; allow replacing them.");
                }
            }
        }
        steps.Add($"In one transaction, delete the rows of {selection.Tables.Count} tables in {selection.Target} "
            + "and write those of the dump, with foreign key checks off.");
        steps.Add("Count the rows and compare with the dump and the backup's record; then commit, or take everything back.");
    }

    private long CountBytes(RestoreSelection selection)
    {
        var rows = selection.Tables.Sum(table => selection.Source.Rows[table].Bytes);
        var definitions = selection.Source.Definitions.Sum(file => file.Bytes) + (selection.Source.After?.Bytes ?? 0);
        return request.Part switch
        {
            DumpPart.Data => rows,
            DumpPart.Schema => definitions,
            _ => rows + definitions,
        };
    }

    private static string Join(IEnumerable<string> names) => string.Join(", ", names);
}
