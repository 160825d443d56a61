using Larder.Sources.Exchanges;

namespace Larder.Sources.MySql.Restore;

/// <summary>What of one live database is exchanged: all of it, or some tables.</summary>
internal sealed record ExchangePlace
{
    private const string InDatabase = "in ";
    private const string InNewDatabase = "in new ";

    /// <summary>The live database.</summary>
    public required string Database { get; init; }

    /// <summary>The database with what is restored, until the exchange.</summary>
    public required string Beside { get; init; }

    /// <summary>The tables, and whether each of them stands there; null where all of the database is exchanged.</summary>
    public IReadOnlyList<(string Name, bool StandsThere)>? Tables { get; init; }

    /// <summary>Whether there is no such database before the exchange.</summary>
    public required bool IsNew { get; init; }

    /// <summary>The database with what was replaced, from the exchange on.</summary>
    public string Old => KeptNames.Old(Beside);

    public bool IsWhole => Tables is null;

    public bool Has(string table) => Tables is null || Tables.Any(one => one.Name == table);

    public IEnumerable<ExchangePart> ToParts() => Tables is null
        ?
        [
            new ExchangePart { Kind = "database", Live = Database, Beside = Beside, Old = IsNew ? null : Old },
        ]
        : Tables.Select(table => new ExchangePart
        {
            Kind = "table",
            Live = $"{Database}.{table.Name}",
            Beside = $"{Beside}.{table.Name}",
            Old = table.StandsThere ? $"{Old}.{table.Name}" : null,
            Detail = (IsNew ? InNewDatabase : InDatabase) + Database, // Names may have dots in them.
        });

    public static IReadOnlyList<ExchangePlace> Of(ExchangeRecord record) =>
        [.. record.Parts.Select(Read).GroupBy(one => one.Database, StringComparer.Ordinal).Select(Join)];

    private static ExchangePlace Read(ExchangePart part)
    {
        if (part.Detail is not { } detail)
        {
            return new ExchangePlace { Database = part.Live, Beside = part.Beside, IsNew = part.Old is null };
        }
        var isNew = detail.StartsWith(InNewDatabase, StringComparison.Ordinal);
        var database = detail[(isNew ? InNewDatabase : InDatabase).Length..];
        var table = part.Live[(database.Length + 1)..];
        return new ExchangePlace
        {
            Database = database,
            Beside = part.Beside[..^(table.Length + 1)],
            Tables = [(table, part.Old is not null)],
            IsNew = isNew,
        };
    }

    private static ExchangePlace Join(IGrouping<string, ExchangePlace> same) => same.First() is { IsWhole: true } whole
        ? whole
        : same.First() with { Tables = [.. same.SelectMany(one => one.Tables!)] };
}
