using System.Globalization;
using Larder.Engine.Backups;

namespace Larder.Engine.BackingUp;

/// <summary>
/// Finds what goes wrong without any error: a database that was full in the last good backup and is empty now (the wrong server, a failed
/// migration, a restore that never ended), and a server that hands over no table at all. Such a backup is `partial`: it alerts, and
/// retention does not count it as good, so what it may have lost is not removed for its sake. Who emptied it on purpose says so once, with
/// `--accept-empty`; that backup is good, and the next ones are held against it.
/// </summary>
internal static class Emptiness
{
    // Small tables are emptied as a matter of course: queues, sessions, locks. And a dropped table is a migration, not a loss: that it is
    // gone does not go unseen where all others are gone as well.
    private const long ManyRows = 100;

    /// <param name="now">What was just dumped.</param>
    /// <param name="isServer">Whether it is a database server, where an empty dump is never what was meant.</param>
    /// <param name="lastGood">The same source in the newest good backup that has it; null where there is none.</param>
    /// <param name="purged">Collections that the job itself empties, with their database's name before them or without; null for none.
    /// </param>
    public static IReadOnlyList<ManifestWarning> Find(
        ManifestSource now, bool isServer, ManifestSource? lastGood, IReadOnlyCollection<string>? purged = null)
    {
        var tables = Tables(now).Where(IsKept).ToList();
        var before = lastGood is null ? [] : Tables(lastGood).Where(IsKept).ToList();
        var rowsBefore = before.Sum(table => table.Rows!.Value);
        if (rowsBefore > 0 && tables.Sum(table => table.Rows!.Value) == 0)
        {
            return
            [
                Emptied("", $"The whole of \"{now.Name}\" has no rows, and the last good backup has {Number(rowsBefore)}. "),
            ];
        }
        if (isServer && !Tables(now).Any() && (lastGood is null || Tables(lastGood).Any()))
        {
            return
            [
                new ManifestWarning(
                    "",
                    $"The server handed over no table or collection of \"{now.Name}\" at all: check that the name of the database is right "
                    + "and that the user may see what is in it. If it is empty indeed, run \"larder backup --accept-empty\" once.",
                    ManifestWarning.EmptyKind),
            ];
        }
        var fullBefore = before.Where(table => table.Rows >= ManyRows).GroupBy(table => (table.Kind, table.Name))
            .ToDictionary(table => table.Key, table => table.Sum(part => part.Rows!.Value));
        return
        [
            .. tables.Where(table => table.Rows == 0 && fullBefore.ContainsKey((table.Kind, table.Name))).Select(table =>
            {
                var rows = Number(fullBefore[(table.Kind, table.Name)]);
                return Emptied(table.File, $"The {table.Kind} \"{table.Name}\" has no rows, and the last good backup has {rows}. ");
            }),
        ];

        bool IsKept(ManifestEntry entry) =>
            purged is null
            || !(purged.Contains(entry.Name) || purged.Contains(entry.Name[(entry.Name.IndexOf('.', StringComparison.Ordinal) + 1)..]));
    }

    /// <summary>What holds rows; the entry that sums up a schema counts definitions.</summary>
    private static IEnumerable<ManifestEntry> Tables(ManifestSource source) =>
        source.Entries.Where(entry => entry is { Rows: not null, Kind: not "schema" });

    private static ManifestWarning Emptied(string path, string what) => new(
        path,
        what + "If that is meant, run \"larder backup --accept-empty\" once; until then backups are partial and the good ones are kept.",
        ManifestWarning.EmptiedKind);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
