using Larder.Sources.Dumps;

namespace Larder.Sources.MySql.Restore;

/// <summary>What of one dumped database is restored, and to where.</summary>
internal sealed record RestoreSelection
{
    public required DumpedDatabase Source { get; init; }

    /// <summary>The database that it goes to.</summary>
    public required string Target { get; init; }

    /// <summary>The tables; all of them where <see cref="IsWhole"/>.</summary>
    public required IReadOnlyList<string> Tables { get; init; }

    /// <summary>Everything of the database, not single tables.</summary>
    public required bool IsWhole { get; init; }

    /// <summary>What the one table is called where it is restored beside the live one; null for its own name.</summary>
    public string? NewName { get; init; }

    /// <summary>Foreign keys to these tables move with those that have them; all others are added when all tables are live.</summary>
    public IReadOnlyCollection<string> KeysStayTo => IsWhole ? Tables : [];

    /// <summary>What stands at the target under the names of what is restored goes with it.</summary>
    public IEnumerable<string> TargetNames => NewName is { } name ? [name] : Tables;

    /// <summary>Fails with <see cref="SourceError.NotFound"/> where the dump does not hold what is asked for.</summary>
    public static IReadOnlyList<RestoreSelection> Of(DumpInventory inventory, DumpRestoreRequest request)
    {
        var wanted = request.Entries.ToHashSet(StringComparer.Ordinal);
        var selections = new List<RestoreSelection>();
        foreach (var database in inventory.Databases)
        {
            var isWhole = request.Entries.Count == 0 || wanted.Remove(database.Name);
            var tables = database.Rows.Keys.Where(table => wanted.Remove($"{database.Name}.{table}") || isWhole).ToList();
            if (isWhole || tables.Count > 0)
            {
                selections.Add(new RestoreSelection
                {
                    Source = database,
                    Target = request.DatabaseName ?? database.Name,
                    Tables = tables,
                    IsWhole = isWhole,
                    NewName = isWhole ? null : request.EntryName,
                });
            }
        }
        wanted.Remove("users");
        return wanted.Count == 0
            ? selections
            : throw new SourceException(
                SourceError.NotFound, $"The dump holds no {string.Join(" and no ", wanted.Order(StringComparer.Ordinal))}.");
    }
}
