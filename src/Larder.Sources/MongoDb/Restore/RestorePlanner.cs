using System.Buffers;
using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>Decides what a restore will do, and why it would not be done. Changes nothing.</summary>
internal sealed class RestorePlanner(DumpLayout layout, DumpRestoreRequest request, RestoreTarget target, RestoreConnection connection)
{
    private static readonly SearchValues<char> NotInDatabaseNames = SearchValues.Create("/\\. \"$\0");

    private static readonly SearchValues<char> NotInCollectionNames = SearchValues.Create("$\0");

    private readonly RestoreNames names = new(request.Token);
    private readonly List<string> steps = [];
    private readonly List<string> refusals = [];
    private readonly List<string> replaced = [];

    public async Task<(DumpRestorePlan Plan, RestoreWork Work)> DecideAsync(CancellationToken cancellationToken)
    {
        var selected = Select();
        var databases = selected.Select(collection => collection.Database).Distinct(StringComparer.Ordinal).ToList();
        if (request.DatabaseName is not null && databases.Count > 1)
        {
            refusals.Add($"Only a dump of one database can be restored under another name, and this one holds {List(databases)}.");
        }
        if (request.DatabaseName is { } name && (name.Length == 0 || name.AsSpan().ContainsAny(NotInDatabaseNames)))
        {
            refusals.Add($"A database cannot be named \"{name}\".");
        }
        RefuseEntryName(selected);

        // Where the question itself is wrong, the server is not asked.
        var standing = await LookAsync(refusals.Count == 0 ? databases.Select(TargetOf) : [], cancellationToken);
        var items = selected.Select(collection => Match(collection, standing)).ToList();
        items.ForEach(Decide);
        var (users, roles) = SelectAccounts();
        var oplog = request.Part == DumpPart.Schema ? null : layout.Oplog;
        Describe(items, oplog, users.Count + roles.Count > 0);
        DescribeLeftAlone(items, standing.Values);

        var work = new RestoreWork
        {
            Items = items,
            Users = users,
            Roles = roles,
            AccountDatabases = request.Entries.Count == 0 ? null : databases.Concat(request.Entries).ToHashSet(StringComparer.Ordinal),
            Oplog = oplog,
            WholeDatabases = databases
                .Where(database => request.Entries.Count == 0 || request.Entries.Contains(database))
                .ToDictionary(database => database, TargetOf, StringComparer.Ordinal),
            Standing = standing,
            Names = names,
        };
        var plan = new DumpRestorePlan
        {
            Request = request,
            Target = Shown(databases),
            ServerVersion = await FindVersionAsync(cancellationToken),
            Steps = steps,
            Replaced = replaced,
            Exchange = request.Overwrites ? null : PlanExchange(items, Shown(databases), oplog is not null),
            Refusals = refusals,
            Bytes = request.Part == DumpPart.Schema ? 0 : items.Sum(item => item.Dumped.Documents?.Bytes ?? 0) + (oplog?.Bytes ?? 0),
        };
        return (plan, work);
    }

    private async Task<string?> FindVersionAsync(CancellationToken cancellationToken)
    {
        var reply = await connection.RunAsync(
            "admin", writer => writer.Int32("buildInfo", 1), "could not be asked its version", cancellationToken);
        return Bson.FindString(reply, "version");
    }

    /// <summary>What the oplog creates and drops is known when it has been replayed, see <see cref="WholenessMark"/>.</summary>
    private ExchangeRecord? PlanExchange(List<RestoreItem> items, string shown, bool withOplog)
    {
        List<ExchangePart> parts =
        [
            .. items.Where(item => item.Dumped.Kind != DumpKind.View || request.Part != DumpPart.Data).Select(item => item.ToPart()),
        ];
        return parts.Count == 0
            ? null
            : new ExchangeRecord
            {
                Engine = "mongodb",
                Target = shown,
                IsAtomic = parts is [{ Kind: "collection", Old: null }] && !withOplog, // One command: to keep an old one takes two.
                Parts = parts,
            };
    }

    private string TargetOf(string database) => request.DatabaseName ?? database;

    private string Shown(List<string> databases) =>
        databases.Count == 1 ? $"mongodb://{target.Hosts}/{TargetOf(databases[0])}" : $"mongodb://{target.Hosts}";

    private List<DumpCollection> Select()
    {
        if (request.Entries.Count == 0)
        {
            return [.. layout.Collections];
        }
        var wanted = request.Entries.ToHashSet(StringComparer.Ordinal);
        var selected = layout.Collections
            .Where(collection => NamesOf(collection).Any(wanted.Contains))
            .ToList();
        var known = selected.SelectMany(NamesOf).Concat(AccountFolders()).ToHashSet(StringComparer.Ordinal);
        refusals.AddRange(wanted.Where(name => !known.Contains(name))
            .Select(name => $"The backup holds no collection and no database that is named {name}."));
        return selected;
    }

    private IEnumerable<string> NamesOf(DumpCollection collection) =>
        new[] { collection.Database, collection.FullName, FindRecorded(collection)?.Name }.OfType<string>();

    // A whole dump has them all in admin, which may hold nothing else.
    private IEnumerable<string> AccountFolders() =>
        layout.Users.Concat(layout.Roles).Select(file => file.Path.ToString().Split('/')[0]);

    private EntryFacts? FindRecorded(DumpCollection collection)
    {
        var file = collection.Documents?.Path.ToString();
        return request.Recorded.FirstOrDefault(entry => entry.File == file)
            ?? request.Recorded.FirstOrDefault(entry => entry.Name == collection.FullName);
    }

    private async Task<Dictionary<string, ServerCollection>> LookAsync(IEnumerable<string> databases, CancellationToken cancellationToken)
    {
        var standing = new Dictionary<string, ServerCollection>(StringComparer.Ordinal);
        foreach (var database in databases.Distinct(StringComparer.Ordinal))
        {
            foreach (var collection in await ServerLook.ListAsync(connection, database, looksInside: true, cancellationToken))
            {
                standing[$"{database}.{collection.Name}"] = collection;
            }
        }
        return standing;
    }

    private RestoreItem Match(DumpCollection collection, Dictionary<string, ServerCollection> standing)
    {
        var name = request.EntryName ?? collection.Name;
        return new RestoreItem
        {
            Dumped = collection,
            TargetDatabase = TargetOf(collection.Database),
            TargetName = name,
            Names = names.Next(),
            Standing = standing.GetValueOrDefault($"{TargetOf(collection.Database)}.{name}"),
            Recorded = FindRecorded(collection),
        };
    }

    private void RefuseEntryName(List<DumpCollection> selected)
    {
        if (request.EntryName is not { } name)
        {
            return;
        }
        if (request.Entries.Count != 1 || selected.Count > 1)
        {
            refusals.Add($"Only one collection can be restored under another name, and {name} would be the name of several.");
        }
        if (name.Length == 0 || name.AsSpan().ContainsAny(NotInCollectionNames) || name[0] == '.'
            || name.StartsWith("system.", StringComparison.Ordinal))
        {
            refusals.Add($"A collection cannot be named \"{name}\".");
        }
        if (selected is [{ Kind: DumpKind.Functions }])
        {
            refusals.Add("The functions of a database (system.js) can have no other name.");
        }
    }

    private void Decide(RestoreItem item)
    {
        if (request.Part == DumpPart.Data && item.Standing is null && item.Dumped.Kind is not (DumpKind.View or DumpKind.Functions))
        {
            refusals.Add($"There is no {item.FullTarget} that documents alone could be restored into; restore its definition too.");
        }
        if (request.EntryName is not null && item.Standing is not null)
        {
            refusals.Add($"{item.FullTarget} stands on the server already; choose a name that is free.");
        }
        if (item.Standing is not { HasDocuments: true } standing || (request.Part == DumpPart.Data && standing.IsView))
        {
            return;
        }
        if (!request.MayReplace)
        {
            refusals.Add(standing.IsView
                ? $"The view {item.FullTarget} stands on the server and may not be replaced."
                : $"{item.FullTarget} holds documents on the server and may not be replaced.");
        }
        replaced.Add(item.FullTarget);
    }

    private (IReadOnlyList<StoredDocuments> Users, IReadOnlyList<StoredDocuments> Roles) SelectAccounts()
    {
        if (!request.WithUsers)
        {
            return ([], []);
        }
        if (layout.Users.Count + layout.Roles.Count == 0)
        {
            refusals.Add("The backup holds no users and roles.");
        }
        if (connection.IsRouter)
        {
            refusals.Add("Users and roles cannot be restored through the router of a sharded cluster; restore them on its config servers.");
        }
        return (layout.Users, layout.Roles);
    }

    private void Describe(List<RestoreItem> items, StoredDocuments? oplog, bool withAccounts)
    {
        var loaded = items.Where(item => item.Dumped.Kind != DumpKind.View).ToList();
        var views = request.Part == DumpPart.Data ? [] : items.Where(item => item.Dumped.Kind == DumpKind.View).ToList();
        steps.AddRange(loaded.Select(DescribeLoad));
        if (oplog is not null)
        {
            steps.Add("Replay the writes that were made while the dump was taken (oplog.bson), so that all is as of one moment.");
        }
        if (request.Overwrites)
        {
            steps.AddRange(views.Select(item => item.Standing is null
                ? $"Create the view {item.FullTarget}."
                : $"Drop the {DescribeType(item.Standing)} {item.FullTarget} and create the view of the dump."));
        }
        if (withAccounts)
        {
            steps.Add((request.MayReplace
                ? "Restore users and roles; those of the same name are replaced, all others are left alone."
                : "Restore users and roles; those that stand are left alone.") + " That is not undone.");
        }
        if (!request.Overwrites)
        {
            steps.AddRange(loaded.Concat(views).Select(DescribeExchange));
            if (loaded.Count + views.Count > 1)
            {
                steps.Add("This is done one after the other: until the last one, readers see some old and some new ones, each of them "
                    + "whole.");
            }
        }
        steps.AddRange(layout.LeftOut);
    }

    private string DescribeLoad(RestoreItem item)
    {
        var what = request.Part == DumpPart.Schema ? "no documents" : $"{item.Dumped.Documents?.Bytes ?? 0} bytes of documents";
        var content = $"with {what} and {Count(item.Dumped.Indexes.Count, "index")}";
        var compared = request.ReadsBack ? "Everything is read back and compared." : "The documents are counted and compared on their way.";
        var check = request.Part == DumpPart.Schema ? "" : $" {compared}";
        return (request.Overwrites, item.Standing) switch
        {
            (false, _) => $"Write {item.FullTarget} beside as {item.Names.Beside}, {content}.{check}",
            (true, null) => $"Write {item.FullTarget}, {content}.{check}",
            (true, { } standing) => $"Drop the {DescribeType(standing)} {item.FullTarget} and write it anew, {content}. Until that is done "
                + $"readers find none or a part of it, and only the safety backup leads back.{check}",
        };
    }

    private static string DescribeExchange(RestoreItem item) => item switch
    {
        { Dumped.Kind: DumpKind.Functions, Standing: null } => $"Write the functions of {item.FullTarget}, one after the other.",
        { Dumped.Kind: DumpKind.Functions } => $"Keep a copy of the functions of {item.FullTarget} as {item.Names.Old} and write the new "
            + "ones in place; until that is done there are some of both.",
        { Standing: null } => $"Give {item.FullTarget} its name.",
        { Standing: { } standing } => $"Rename the {DescribeType(standing)} {item.FullTarget} to {item.Names.Old} and give the new one its "
            + $"name. Between the two, for some milliseconds, readers find nothing there{(standing.IsTimeSeries ? " or an error" : "")}; "
            + $"what is written there then is kept as {item.Names.Old}-meanwhile-1.",
    };

    private static string DescribeType(ServerCollection standing) => standing switch
    {
        { IsView: true } => "view",
        { IsTimeSeries: true } => "time series",
        _ => "collection",
    };

    private void DescribeLeftAlone(List<RestoreItem> items, IEnumerable<ServerCollection> standing)
    {
        var restored = items.Select(item => item.FullTarget).ToHashSet(StringComparer.Ordinal);
        var alone = standing
            .Where(collection =>
                !collection.Name.StartsWith("system.", StringComparison.Ordinal) && !RestoreNames.IsKept(collection.Name))
            .Select(collection => $"{collection.Database}.{collection.Name}")
            .Where(name => !restored.Contains(name))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (alone.Count > 0)
        {
            steps.Add($"Leave alone what is not in the restore: {List(alone)}.");
        }
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names);

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}{(what.EndsWith('x') ? "es" : "s")}";
}
