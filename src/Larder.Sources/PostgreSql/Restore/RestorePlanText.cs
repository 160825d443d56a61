using System.Globalization;
using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>What would be done, for people.</summary>
internal static class RestorePlanText
{
    public static DumpRestorePlan Describe(RestoreLook look, DumpRestoreRequest request) => new()
    {
        Request = request,
        Target = look.Server.Show(look.Works.Count == 1 ? look.Works[0].Target : ""),
        Steps = [.. DescribeGlobals(look), .. look.Works.SelectMany(work => Describe(look, work, request)), .. DescribeSwap(look)],
        Exchange = DescribeExchange(look, request),
        Replaced = [.. look.Works.SelectMany(FindReplaced)],
        Refusals = look.Refusals,
        Bytes = look.Works.Sum(work => work.Bytes),
    };

    private static ExchangeRecord? DescribeExchange(RestoreLook look, DumpRestoreRequest request)
    {
        var works = look.Works.Where(work => work.Way == RestoreWay.Beside).ToList();
        return works.Count == 0
            ? null
            : new ExchangeRecord
            {
                Engine = "postgresql",
                Target = look.Server.Show(works.Count == 1 ? works[0].Target : ""),
                IsAtomic = true,
                Parts = DatabaseNames.Plan(works.Select(work => (work.Target, work.TargetExists)), request.Token),
            };
    }

    private static IEnumerable<string> FindReplaced(RestoreWork work) => work switch
    {
        { Way: RestoreWay.Beside } => work.TargetExists && !work.TargetIsEmpty ? [work.Target] : [],
        _ => work.ReplacedTables,
    };

    private static IEnumerable<string> DescribeGlobals(RestoreLook look)
    {
        if (look.Globals is not { } globals)
        {
            yield break;
        }
        var made = globals.Roles.Where(role => !look.Found.Roles.ContainsKey(role)).Order(StringComparer.Ordinal).ToList();
        yield return made.Count == 0 ? "No role has to be created." : $"The roles {string.Join(", ", made)} are created.";
        var kept = globals.Roles.Where(look.Found.Roles.ContainsKey).Order(StringComparer.Ordinal).ToList();
        if (kept.Count > 0)
        {
            yield return $"The roles {string.Join(", ", kept)} are there and stay as they are, with their passwords.";
        }
    }

    private static IEnumerable<string> Describe(RestoreLook look, RestoreWork work, DumpRestoreRequest request)
    {
        var what = work.Part switch
        {
            DumpPart.Schema => "The definitions",
            DumpPart.Data => "The rows",
            _ => "All",
        };
        var of = work.Tables.Count == 0 ? work.Dump.Name : string.Join(", ", work.Tables.Select(work.Dump.NameEntry));
        var bytes = string.Create(CultureInfo.InvariantCulture, $"{work.Bytes / 1e6:0.#} MB");
        if (work.Way == RestoreWay.Beside)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{what} of {of} ({bytes}) is restored into a new database beside {work.Target}, {request.Jobs} objects at once, by "
                + $"pg_restore {look.Tools?.MajorVersion}, and compared with the backup.");
        }
        else if (work.CopyName is null)
        {
            if (work is { Tables.Count: 0, TargetIsEmpty: false, Part: not DumpPart.Data })
            {
                yield return $"Everything in the database {work.Target} is dropped, in the transaction that restores it: until that is "
                    + "committed, others see what was there, and wait where they want to use it.";
            }
            yield return $"{what} of {of} ({bytes}) is restored into the database {work.Target} in one transaction, which is committed "
                + "when the rows have been read back and compared with the backup.";
        }
        foreach (var step in work.Steps)
        {
            yield return step;
        }
    }

    private static IEnumerable<string> DescribeSwap(RestoreLook look)
    {
        foreach (var work in look.Works.Where(work => work.Way == RestoreWay.Beside))
        {
            yield return work.TargetExists
                ? $"The sessions in {work.Target} are ended, the new database takes its name, and the old one gets another."
                : $"The new database gets the name {work.Target}.";
        }
    }
}
