using System.Globalization;
using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.MySql.Restore;

/// <summary>Looks at a dump and a server, and says what a restore would do.</summary>
internal sealed class RestorePlanner(IStoredDump dump, DumpRestoreRequest request, RestoreConnection connection)
{
    private const int TableNameMax = 64;

    private readonly DumpFeed feed = new(dump, connection, _ => { });
    private readonly List<ExchangePlace> places = [];
    private readonly List<string> steps = [];
    private readonly List<string> replaced = [];
    private readonly List<string> refusals = [];
    private bool isAtomic = true;

    public async Task<DumpRestorePlan> PlanAsync(CancellationToken cancellationToken)
    {
        var inventory = DumpInventory.Of(dump);
        var selections = RestoreSelection.Of(inventory, request);
        if (request.DatabaseName is not null && selections.Count > 1)
        {
            refusals.Add($"Only one database can be restored to another name, and {selections.Count} were asked for; name one of them.");
        }
        RefuseEntryName(selections);
        DescribeAccounts(inventory);
        foreach (var selection in selections)
        {
            await (request.Part == DumpPart.Data ? PlanRowsAsync(selection, cancellationToken)
                : request.Overwrites ? PlanInPlaceAsync(selection, cancellationToken)
                : PlanBesideAsync(selection, selections, cancellationToken));
        }
        var exchange = places.Count == 0 ? null : new ExchangeRecord
        {
            Engine = "mysql",
            Target = Shown(selections),
            IsAtomic = isAtomic,
            Parts = [.. places.SelectMany(place => place.ToParts())],
        };
        if (exchange is not null)
        {
            DescribeExchange(exchange);
        }
        steps.AddRange((await FindMissingDefinersAsync(feed, inventory, request, connection, cancellationToken))
            .Select(definer => $"Take note: {definer}; restore the accounts too, or make it."));
        return new DumpRestorePlan
        {
            Request = request,
            Target = Shown(selections),
            Steps = steps,
            Replaced = replaced,
            Exchange = exchange,
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

    private string Shown(IReadOnlyList<RestoreSelection> selections) => string.Create(
        CultureInfo.InvariantCulture, $"mysql://{connection.Server}/{(selections.Count == 1 ? selections[0].Target : "")}");

    private void RefuseEntryName(IReadOnlyList<RestoreSelection> selections)
    {
        if (request.EntryName is not { } name)
        {
            return;
        }
        if (selections is not [{ IsWhole: false, Tables: [_] }])
        {
            refusals.Add($"Only one table can be restored under another name, and {name} would be the name of several.");
        }
        if (name.Length is 0 or > TableNameMax || name.EndsWith(' ') || name.Contains('\0', StringComparison.Ordinal))
        {
            refusals.Add($"The name of a table has 1 to {TableNameMax} characters and does not end in a space, unlike \"{name}\".");
        }
        if (request.Overwrites || request.Part == DumpPart.Data)
        {
            refusals.Add("A table under another name is a new one, so nothing is written over; leave --in-place and --data-only out.");
        }
    }

    private void DescribeAccounts(DumpInventory inventory)
    {
        if (!request.WithUsers)
        {
            return;
        }
        if (inventory.Users is null)
        {
            refusals.Add("The dump holds no accounts, so they cannot be restored.");
            return;
        }
        steps.Add("Make the accounts and roles that are not there, and grant the rights that the dump holds. That is not undone.");
    }

    private async Task PlanBesideAsync(
        RestoreSelection selection, IReadOnlyList<RestoreSelection> all, CancellationToken cancellationToken)
    {
        var target = new LiveDatabase(connection.Client.QueryAsync, selection.Target);
        var isThere = await target.IsThereAsync(cancellationToken);
        var leaving = await FindLeavingAsync(selection, target, isThere, cancellationToken);
        await RefuseReferencesAsync(target, selection, leaving, all, cancellationToken);
        var place = new ExchangePlace
        {
            Database = selection.Target,
            Beside = KeptNames.Beside(selection.Target, request.Token, places.Select(other => other.Beside)),
            IsNew = !isThere,
            Tables = selection.IsWhole
                ? null
                : [.. selection.TargetNames.Select(name => (name, leaving.Any(item => item.Name == name && !item.IsView)))],
        };
        places.Add(place);
        isAtomic &= isThere && await new ExtrasLook(feed, selection, place).IsWithoutAsync(cancellationToken);

        steps.Add($"{DescribeTables(selection)} in a new database {place.Beside} beside {selection.Target}{DescribeRows()}, "
            + "with foreign key checks off.");
        DescribeComparison();
        if (selection.NewName is null)
        {
            steps.Add("Make triggers, routines and views there too, as a rehearsal, and take them away again.");
        }
        else
        {
            steps.Add($"Take note: {selection.Target}.{selection.NewName} comes without the foreign keys and triggers of the table.");
        }
        DescribeLeaving(selection, leaving);
    }

    private async Task PlanInPlaceAsync(RestoreSelection selection, CancellationToken cancellationToken)
    {
        var target = new LiveDatabase(connection.Client.QueryAsync, selection.Target);
        var isThere = await target.IsThereAsync(cancellationToken);
        var leaving = await FindLeavingAsync(selection, target, isThere, cancellationToken);
        if (leaving.Count > 0)
        {
            var dropped = selection.IsWhole ? $"all that stands in {selection.Target}" : Join(leaving.Select(item => item.FullName));
            steps.Add($"Drop {dropped}. From then on until everything is written, readers find nothing or a part of it, and only the "
                + "safety backup leads back.");
        }
        steps.Add($"{DescribeTables(selection)} in {selection.Target}{DescribeRows()}, with foreign key checks off.");
        DescribeComparison();
        steps.Add(selection.IsWhole
            ? $"Make the triggers, routines, events and views in {selection.Target}."
            : $"Add the foreign keys and triggers of the tables in {selection.Target}.");
        DescribeLeaving(selection, leaving);
    }

    /// <summary>What stands there and goes, which must be allowed.</summary>
    private async Task<IReadOnlyList<MySqlObject>> FindLeavingAsync(
        RestoreSelection selection, LiveDatabase target, bool isThere, CancellationToken cancellationToken)
    {
        var standing = isThere ? await target.ReadObjectsAsync(cancellationToken) : [];
        var names = selection.TargetNames.ToHashSet(StringComparer.Ordinal);
        var leaving = selection.IsWhole ? standing : [.. standing.Where(item => names.Contains(item.Name))];
        var hasMore = isThere && selection.IsWhole && await target.CountRoutinesAsync(cancellationToken) > 0;
        if (selection.NewName is { } name && leaving.Count > 0)
        {
            refusals.Add($"There is a {selection.Target}.{name} already; choose a name that is free.");
            return leaving;
        }
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
        }
        if (!selection.IsWhole && leaving.Any(item => item.IsView))
        {
            refusals.Add($"In {selection.Target} there are views of the same names as tables of the dump: "
                + $"{Join(leaving.Where(item => item.IsView).Select(item => item.Name))}; drop them first.");
        }
        return leaving;
    }

    private string DescribeTables(RestoreSelection selection) => selection.Tables.Count == 1
        ? $"Make the table {selection.Source.Name}.{selection.Tables[0]}{(selection.NewName is { } name ? $" as {name}" : "")}"
        : $"Make {selection.Tables.Count} tables of {selection.Source.Name}";

    private string DescribeRows() =>
        request.Part == DumpPart.Schema ? "" : $" and load their rows with {Math.Max(1, request.Jobs)} clients at once";

    private void DescribeComparison()
    {
        if (request.Part != DumpPart.Schema)
        {
            steps.Add(replaced.Count > 0 || request.ReadsBack
                ? "Read all rows back from the server and compare their fingerprints with the dump and the backup's record."
                : "Compare the fingerprints of the rows with the backup's record while they are loaded, and count them on the server.");
        }
    }

    private void DescribeLeaving(RestoreSelection selection, IReadOnlyList<MySqlObject> leaving)
    {
        var unknown = leaving
            .Where(item => selection.IsWhole && item.IsTable && !selection.Source.Rows.ContainsKey(item.Name))
            .Select(item => item.Name).ToList();
        if (unknown.Count > 0)
        {
            steps.Add($"Take note: the dump does not hold {Join(unknown)}, which stand in {selection.Target} and go with the rest.");
        }
        foreach (var view in leaving.Where(item => item.IsBroken))
        {
            steps.Add($"Take note: the view {view.FullName} cannot be read, because something that it looks at is gone, and goes with the "
                + "rest. A rollback brings it back only if the backup has what it looks at.");
        }
    }

    private void DescribeExchange(ExchangeRecord exchange)
    {
        var moved = exchange.Parts.Where(part => part.Old is not null)
            .Select(part => $"{(part.Kind == "table" ? part.Live : $"the tables of {part.Live}")} to {part.Old}").ToList();
        var away = moved.Count > 0 ? $", and {Join(moved)}," : "";
        if (exchange.IsAtomic)
        {
            steps.Add($"Rename the new tables into place{away} in one statement.");
            return;
        }
        steps.Add("Take away the triggers, views, routines and events of what is replaced, which no rename can move, and keep them as "
            + $"scripts; rename the new tables into place{away} in one statement; then make the triggers, routines, events and views of "
            + "the backup.");
        steps.Add("Take note: all tables change at one moment, but for a moment around it readers find no views and writers no triggers.");
    }

    // A foreign key follows the table that it points at, also when that is renamed away.
    private async Task RefuseReferencesAsync(
        LiveDatabase target,
        RestoreSelection selection,
        IReadOnlyList<MySqlObject> leaving,
        IReadOnlyList<RestoreSelection> all,
        CancellationToken cancellationToken)
    {
        var names = leaving.Select(item => item.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (from, fromDatabase, to) in await target.ReadReferencesAsync(cancellationToken))
        {
            var goesToo = all.Any(other => other.Target == fromDatabase && (other.IsWhole || other.TargetNames.Contains(from)));
            if (names.Contains(to) && !goesToo)
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
        var target = new LiveDatabase(connection.Client.QueryAsync, selection.Target);
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
