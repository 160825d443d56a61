namespace Larder.Sources.MySql.Restore;

/// <summary>Which tables and sequences an exchange renames, and where they stand.</summary>
internal sealed class TableMoves(IReadOnlyList<ExchangePlace> places, ServerSession session)
{
    /// <summary>The live ones away, and those beside into their place.</summary>
    public async Task<IReadOnlyList<string>> ThereAsync()
    {
        var moves = new List<string>();
        foreach (var place in places)
        {
            moves.AddRange((await ReadAsync(place, place.Database)).Select(table => Move(place.Database, place.Old, table)));
            moves.AddRange((await ReadAsync(place, place.Beside)).Select(table => Move(place.Beside, place.Database, table)));
        }
        return moves;
    }

    /// <summary>Those that came away, with what was made there since, and the old ones back.</summary>
    public async Task<IReadOnlyList<string>> BackAsync()
    {
        var moves = new List<string>();
        foreach (var place in places)
        {
            moves.AddRange((await ReadAsync(place, place.Database)).Select(table => Move(place.Database, place.Beside, table)));
            moves.AddRange((await ReadAsync(place, place.Old)).Select(table => Move(place.Old, place.Database, table)));
        }
        return moves;
    }

    /// <summary>Those of a place that stand in one of its databases.</summary>
    public async Task<IReadOnlyList<string>> ReadAsync(ExchangePlace place, string database) =>
        [.. (await new LiveDatabase(session.QueryAsync, database).ReadObjectsAsync(CancellationToken.None))
            .Where(item => !item.IsView && place.Has(item.Name)).Select(item => item.Name)];

    private static string Move(string from, string to, string table) =>
        $"{SqlText.Quote(from)}.{SqlText.Quote(table)} TO {SqlText.Quote(to)}.{SqlText.Quote(table)}";
}
