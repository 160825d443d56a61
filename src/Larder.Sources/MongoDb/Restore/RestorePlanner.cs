using System.Buffers;
using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>Decides what a restore will do, and why it would not be done. Changes nothing.</summary>
internal sealed class RestorePlanner(DumpLayout layout, DumpRestoreRequest request, RestoreTarget target, RestoreConnection connection)
{
    private static readonly SearchValues<char> NotInDatabaseNames = SearchValues.Create("/\\. \"$\0");

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

        // Where the question itself is wrong, the server is not asked.
        var standing = await LookAsync(refusals.Count == 0 ? databases.Select(TargetOf) : [], cancellationToken);
        var leftovers = standing.Values.Where(IsLeftover).ToList();
        var items = selected.Select(collection => Match(collection, standing)).ToList();
        items.ForEach(Decide);
        var (users, roles) = SelectAccounts();
        var oplog = request.Part == DumpPart.Schema ? null : layout.Oplog;
        Describe(items, leftovers, oplog, users.Count + roles.Count > 0);
        DescribeLeftAlone(items, standing.Values.Except(leftovers));

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
            Leftovers = leftovers,
        };
        var plan = new DumpRestorePlan
        {
            Request = request,
            Target = Shown(databases),
            Steps = steps,
            Replaced = replaced,
            Refusals = refusals,
            Bytes = request.Part == DumpPart.Schema ? 0 : items.Sum(item => item.Dumped.Documents?.Bytes ?? 0) + (oplog?.Bytes ?? 0),
        };
        return (plan, work);
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
            foreach (var collection in await ServerLook.ListAsync(connection, database, cancellationToken))
            {
                standing[$"{database}.{collection.Name}"] = collection;
            }
        }
        return standing;
    }

    private RestoreItem Match(DumpCollection collection, Dictionary<string, ServerCollection> standing) => new()
    {
        Dumped = collection,
        TargetDatabase = TargetOf(collection.Database),
        Standing = standing.GetValueOrDefault($"{TargetOf(collection.Database)}.{collection.Name}"),
        Recorded = FindRecorded(collection),
    };

    private void Decide(RestoreItem item)
    {
        if (request.Part == DumpPart.Data && item.Standing is null && item.Dumped.Kind is not (DumpKind.View or DumpKind.Functions))
        {
            refusals.Add($"There is no {item.FullTarget} that documents alone could be restored into; restore its definition too.");
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

    private static bool IsLeftover(ServerCollection collection) =>
        TemporaryNames.IsTemporary(collection.Name);

    private void Describe(List<RestoreItem> items, List<ServerCollection> leftovers, StoredDocuments? oplog, bool withAccounts)
    {
        var loaded = items.Where(item => item.Dumped.Kind != DumpKind.View).ToList();
        if (leftovers.Count > 0)
        {
            steps.Add($"Remove {Count(leftovers.Count, "temporary collection")} of a restore that was cut off.");
        }
        foreach (var item in loaded)
        {
            steps.Add(request.Part == DumpPart.Schema
                ? $"Create {item.FullTarget} without documents under a temporary name, with {Count(item.Dumped.Indexes.Count, "index")}."
                : $"Load {item.FullTarget} ({item.Dumped.Documents?.Bytes ?? 0} bytes) under a temporary name, compare it with what was "
                    + "recorded, and build its indexes.");
        }
        if (oplog is not null)
        {
            steps.Add("Replay the writes that were made while the dump was taken (oplog.bson), so that all is as of one moment.");
        }
        if (withAccounts)
        {
            steps.Add(request.MayReplace
                ? "Restore users and roles; those of the same name are replaced, all others are left alone."
                : "Restore users and roles; those that stand are left alone.");
        }
        foreach (var item in loaded)
        {
            steps.Add(DescribeSwap(item));
        }
        if (request.Part != DumpPart.Data)
        {
            steps.AddRange(items.Where(item => item.Dumped.Kind == DumpKind.View)
                .Select(item => item.Standing is null
                    ? $"Create the view {item.FullTarget}."
                    : $"Replace {item.FullTarget} by the view of the dump."));
        }
        steps.AddRange(layout.LeftOut);
    }

    private static string DescribeSwap(RestoreItem item) => item switch
    {
        { Dumped.Kind: DumpKind.Functions } =>
            $"Write the functions of {item.FullTarget} in place, and remove those that the dump does not hold.",
        { Standing: null } => $"Give {item.FullTarget} its name.",
        { Dumped.Kind: DumpKind.TimeSeries, Standing.IsTimeSeries: true } => TimeSeriesSwap.HasSameDefinition(item)
            ? $"Put the new buckets of {item.FullTarget} in the place of the old ones, in one moment."
            : $"Drop the time series {item.FullTarget}, whose definition differs, and give the new one its name; for a moment there is "
                + "none.",
        { Dumped.Kind: DumpKind.Collection, Standing.Type: "collection" } =>
            $"Put the new {item.FullTarget} in the place of the old one, in one moment.",
        _ => $"Drop the {DescribeType(item.Standing!)} {item.FullTarget} and give the new one its name; for a moment there is none.",
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
            .Where(collection => !collection.Name.StartsWith("system.", StringComparison.Ordinal))
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
