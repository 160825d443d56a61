using System.Globalization;
using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>A dump and a server looked at together: what would be done, and why it must not be. Made without side effects.</summary>
internal sealed record RestoreLook
{
    public required TargetServer Server { get; init; }

    public required PostgreSqlTools? Tools { get; init; }

    public required IReadOnlyList<RestoreWork> Works { get; init; }

    public required GlobalsScript? Globals { get; init; }

    public required ServerLook Found { get; init; }

    public required IReadOnlyList<string> Refusals { get; init; }

    /// <param name="known">Where the server was found before; null where it was not looked for yet.</param>
    public static async Task<RestoreLook> TakeAsync(
        PostgreSqlTarget target,
        TargetServer? known,
        IStoredDump dump,
        DumpRestoreRequest request,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var refusals = new List<string>();
        var databases = await StoredDatabase.ReadAllAsync(dump, cancellationToken);
        var chosen = RestoreSelection.Choose(databases, request, refusals);
        if (request.EntryName is not null && chosen is not [{ Tables.Count: 1 }])
        {
            refusals.Add("Another name can be given to one table, and something else is asked for.");
        }
        var targets = chosen.Select(work => work.Target).ToList();
        var server = known?.ServesFor(targets) == true ? known : await TargetServer.FindAsync(target, targets, clock, cancellationToken);
        var found = await ServerLook.TakeAsync(server, cancellationToken);
        var globals = await ReadGlobalsAsync(dump, request, found, refusals, cancellationToken);
        var works = new List<RestoreWork>();
        foreach (var work in chosen)
        {
            works.Add(await DecideAsync(server, found, work, request, refusals, cancellationToken));
        }
        foreach (var work in works)
        {
            refusals.AddRange(FindObstacles(server, found, work, globals));
        }
        refusals.AddRange(FindMixture(works));
        refusals.AddRange(ServerRoom.FindObstacles(server, found, works, request));
        return new RestoreLook
        {
            Server = server,
            Tools = FindTools(target, server, works, refusals),
            Works = works,
            Globals = globals,
            Found = found,
            Refusals = [.. refusals.Distinct()],
        };
    }

    private static async Task<RestoreWork> DecideAsync(
        TargetServer server,
        ServerLook found,
        RestoreWork work,
        DumpRestoreRequest request,
        List<string> refusals,
        CancellationToken cancellationToken)
    {
        if (!found.Databases.TryGetValue(work.Target, out var isOurs))
        {
            if (work.Part == DumpPart.Data)
            {
                refusals.Add($"There is no database {work.Target} on the server, and rows alone need tables that are there.");
            }
            if (request.EntryName is not null)
            {
                refusals.Add($"There is no database {work.Target} on the server in which a table could stand beside another one.");
            }
            if (!found.MayCreateDatabases)
            {
                refusals.Add(
                    $"There is no database {work.Target} on the server, and the role {server.User} may not create databases. Create it, or "
                    + $"give the role what it needs: ALTER ROLE {SqlName.Quote(server.User)} CREATEDB.");
            }
            return work.Tables.Count == 0 ? work : work with { Toc = TableSelection.ForNewDatabase(work.Toc, work.Tables) };
        }
        work = work with { TargetExists = true };
        if (work.Tables.Count > 0 || work.Part == DumpPart.Data)
        {
            return await TableLook.DecideAsync(server, work, request, refusals, cancellationToken);
        }
        return await DecideWholeAsync(server, found, work, isOurs, request, refusals, cancellationToken);
    }

    private static async Task<RestoreWork> DecideWholeAsync(
        TargetServer server,
        ServerLook found,
        RestoreWork work,
        bool isOurs,
        DumpRestoreRequest request,
        List<string> refusals,
        CancellationToken cancellationToken)
    {
        var isEmpty = await ServerLook.IsEmptyAsync(server, work.Target, cancellationToken);
        var maySwap = found.IsSuperuser || (found.MayCreateDatabases && isOurs);
        if (isEmpty)
        {
            return work with { TargetIsEmpty = true, Way = maySwap && !request.Overwrites ? RestoreWay.Beside : RestoreWay.Within };
        }
        if (!request.MayReplace)
        {
            refusals.Add($"The database {work.Target} is there and not empty. Allow it to be replaced, or name another database.");
        }
        foreach (var (_, subscription) in found.Subscriptions.Where(subscription => subscription.Database == work.Target))
        {
            refusals.Add(
                $"The database {work.Target} has the subscription {subscription}, which would go on filling what is replaced. "
                + "Drop it first.");
        }
        if (request.Overwrites)
        {
            return work with { Way = RestoreWay.Within, ReplacedTables = [work.Target] };
        }
        if (!maySwap)
        {
            refusals.Add(
                $"The database {work.Target} is replaced by a new one beside it, and the role {server.User} may not do that: it must be "
                + $"allowed to create databases (ALTER ROLE {SqlName.Quote(server.User)} CREATEDB) and be the owner of {work.Target}, or a "
                + "member of its owner. Or restore in place (--in-place).");
        }
        foreach (var (_, slot) in found.Slots.Where(slot => slot.Database == work.Target))
        {
            refusals.Add(
                $"The database {work.Target} has the logical replication slot {slot}, which would be lost with it. Drop the slot first.");
        }
        foreach (var (_, count) in found.Prepared.Where(prepared => prepared.Database == work.Target))
        {
            refusals.Add(
                $"The database {work.Target} has {Count(count, "prepared transaction")}, which keep it from being renamed. Commit them or "
                + "roll them back first; pg_prepared_xacts lists them.");
        }
        return work;
    }

    private static IEnumerable<string> FindMixture(List<RestoreWork> works)
    {
        var within = works.Where(work => work.Way == RestoreWay.Within).Select(work => work.Target).ToList();
        if (within.Count > 0 && within.Count < works.Count)
        {
            yield return $"{string.Join(", ", within)} would be written in place, and the other databases beside what is there, so that "
                + "not all of it could be undone in the same way. Restore them one by one.";
        }
    }

    private static IEnumerable<string> FindObstacles(TargetServer server, ServerLook found, RestoreWork work, GlobalsScript? globals)
    {
        var name = work.Dump.Name;
        if (ParseMajor(work.Dump.Toc.Header.ServerVersion) is { } dumped && dumped > server.MajorVersion)
        {
            yield return $"{name} was dumped from PostgreSQL {dumped}, and the server is {server.MajorVersion}: an older server does not "
                + "understand all that a newer one writes.";
        }
        foreach (var extension in work.Toc.Entries.Where(entry => entry.Kind == "EXTENSION" && !found.Extensions.Contains(entry.Tag ?? "")))
        {
            yield return $"{name} uses the extension {extension.Tag}, which is not installed on the server: "
                + "install its package there first.";
        }
        foreach (var tablespace in work.Toc.Entries.Select(entry => entry.Tablespace).Where(name => !string.IsNullOrEmpty(name)).Distinct()
            .Where(tablespace => !found.Tablespaces.Contains(tablespace!) && globals?.Tablespaces.Contains(tablespace!) != true))
        {
            yield return $"{name} uses the tablespace {tablespace}, which the server does not have: create it first.";
        }
        var roles = work.Part == DumpPart.Data ? [] : TocRoles.Find(work.Toc).ToList();
        var missing = roles.Where(role => !found.Roles.ContainsKey(role) && globals?.Roles.Contains(role) != true).ToList();
        if (missing.Count > 0)
        {
            var verb = missing.Count == 1 ? "is" : "are";
            yield return $"{Count(missing.Count, "role")} that own or may use what is in {name} {verb} not on "
                + $"the server: {string.Join(", ", missing)}. Restore with the accounts (--with-users), or create them first.";
        }
        var foreign = found.IsSuperuser ? [] : work.Toc.Entries
            .Where(entry => work.Part != DumpPart.Data && !DatabaseProperties.IsOf(entry))
            .Select(entry => entry.Owner)
            .Where(owner => !string.IsNullOrEmpty(owner) && found.Roles.TryGetValue(owner, out var isOurs) && !isOurs)
            .Distinct()
            .ToList();
        if (foreign.Count > 0)
        {
            yield return $"The role {server.User} may not give objects of {name} to their owners ({string.Join(", ", foreign)}): it must "
                + "be a superuser or a member of them.";
        }
    }

    private static async Task<GlobalsScript?> ReadGlobalsAsync(
        IStoredDump dump, DumpRestoreRequest request, ServerLook found, List<string> refusals, CancellationToken cancellationToken)
    {
        if (!request.WithUsers)
        {
            return null;
        }
        var globals = await GlobalsScript.ReadAsync(dump, cancellationToken);
        if (globals is null)
        {
            refusals.Add("The dump holds no accounts: it was made without globals.");
        }
        else if (!found.MayCreateRoles && globals.Roles.Any(role => !found.Roles.ContainsKey(role)))
        {
            refusals.Add("The role of the restore may not create roles: it needs CREATEROLE, or to be a superuser.");
        }
        return globals;
    }

    /// <summary>
    /// The lowest version that knows the dump and is not below the server's, so that it says nothing the server does not know.
    /// </summary>
    private static PostgreSqlTools? FindTools(
        PostgreSqlTarget target, TargetServer server, IReadOnlyList<RestoreWork> works, List<string> refusals)
    {
        var wanted = works.Select(work => ParseMajor(work.Dump.Toc.Header.ToolVersion) ?? 0).Append(server.MajorVersion).Max();
        var installed = (target.Tools ?? new PostgreSqlToolLocator()).Installed;
        var tools = installed.FirstOrDefault(tools => tools.MajorVersion >= wanted);
        if (tools is null)
        {
            refusals.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"The restore needs pg_restore {wanted} or newer, which is not installed. "
                + $"Install the package postgresql-client-{wanted}."));
        }
        return tools;
    }

    private static int? ParseMajor(string? version) =>
        version is not null && int.TryParse(
            version.AsSpan(0, version.AsSpan().IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : version.Length),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var major)
            ? major
            : null;

    private static string Count(long things, string word) =>
        string.Create(CultureInfo.InvariantCulture, $"{things} {word}{(things == 1 ? "" : "s")}");
}
