using Larder.Sources.Dumps;

namespace Larder.Sources.MySql;

/// <summary>The files of one database in a stored dump.</summary>
internal sealed record DumpedDatabase
{
    public required string Name { get; init; }

    public StoredFile? Create { get; init; }

    public required IReadOnlyList<StoredFile> Definitions { get; init; }

    /// <summary>The rows of each table, by its name.</summary>
    public required IReadOnlyDictionary<string, StoredFile> Rows { get; init; }

    public StoredFile? After { get; init; }
}

/// <summary>What a stored dump holds, by the names of its files.</summary>
internal sealed record DumpInventory
{
    public required IReadOnlyList<DumpedDatabase> Databases { get; init; }

    public StoredFile? Users { get; init; }

    public static DumpInventory Of(IStoredDump dump)
    {
        var files = dump.Files.Select(file => (Path: file.Path.ToString().Split('/'), File: file)).ToList();
        return new DumpInventory
        {
            Users = files.Find(item => item.Path is [DumpNames.Users]).File,
            Databases =
            [
                .. files.Where(item => item.Path.Length == 2)
                    .GroupBy(item => item.Path[0], StringComparer.Ordinal)
                    .OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => Read(DumpNames.Unescape(group.Key), [.. group.Select(item => (item.Path[1], item.File))])),
            ],
        };
    }

    private static DumpedDatabase Read(string name, List<(string Name, StoredFile File)> files) => new()
    {
        Name = name,
        Create = files.Find(item => item.Name == DumpNames.Database).File,
        Definitions = [.. files.Where(item => DumpNames.IsTables(item.Name)).OrderBy(item => item.Name.Length).Select(item => item.File)],
        Rows = files.Where(item => DumpNames.TableOf(item.Name) is not null)
            .ToDictionary(item => DumpNames.TableOf(item.Name)!, item => item.File, StringComparer.Ordinal),
        After = files.Find(item => item.Name == DumpNames.After).File,
    };
}
