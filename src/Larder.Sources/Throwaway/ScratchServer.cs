using System.Globalization;
using Larder.Sources.Dumps;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>
/// A server that the configuration names for drills. Its databases of other names are not looked at; those that a drill makes have unique
/// names, which say who made them, so that the next drill can drop what a killed one left.
/// </summary>
public sealed class ScratchServer : DrillServer
{
    private const string Prefix = Leftovers.ScratchPrefix;

    private readonly Dictionary<string, string> names;
    private readonly ScratchKeeper? keeper;

    private ScratchServer(
        IDrillEngine engine, string engineName, string version, Dictionary<string, string> names, ScratchKeeper? keeper)
        : base(engine, engineName, version, $"a scratch server, version {version}")
    {
        (this.names, this.keeper) = (names, keeper);
        Parts = [.. names.Select(name => new DrillPart(name.Key, name.Value))];
    }

    public override IReadOnlyList<DrillPart> Parts { get; }

    /// <summary>Accounts belong to the whole server, which is not the drill's.</summary>
    public override bool WithUsers => false;

    public override IReadOnlyList<string> Databases => [.. names.Keys];

    private protected override string? EndedBecause => null;

    /// <summary>Connects to it and drops what earlier drills of this machine left. Fails with <see cref="SourceException"/>.</summary>
    /// <param name="engineName"><c>postgresql</c>, <c>mongodb</c>, <c>mysql</c>.</param>
    /// <param name="url">The server; never shown.</param>
    /// <param name="keeperCommand">What to run as <see cref="ScratchKeeper"/>; empty for none.</param>
    public static async Task<ScratchServer> OpenAsync(
        string engineName,
        string url,
        IStoredDump dump,
        IReadOnlyList<string> keeperCommand,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var engine = EngineOf(engineName, url, clock);
        var version = await engine.FindVersionAsync(cancellationToken);
        foreach (var left in await FindAsync(engine, mark => ProcessMark.IsDead(mark[Prefix.Length..]), cancellationToken))
        {
            await engine.DropAsync(left, cancellationToken);
        }
        var (databases, _) = await engine.LookIntoAsync(dump, cancellationToken);
        var token = Guid.NewGuid().ToString("n")[..4];
        var names = databases.Index().ToDictionary(
            database => database.Item,
            database => string.Create(
                CultureInfo.InvariantCulture, $"{Prefix}{ProcessMark.OfThisProcess}_{token}_{database.Index}"),
            StringComparer.Ordinal);
        var keeper = keeperCommand.Count == 0 ? null
            : await ScratchKeeper.StartAsync(keeperCommand, engineName, url, [.. names.Values], cancellationToken);
        return new ScratchServer(engine, engineName, version, names, keeper);
    }

    public override string NameOf(string dumped) => names.GetValueOrDefault(dumped, dumped);

    /// <summary>
    /// Drops what the drill made, also what a restore had made beside it. Fails with <see cref="SourceException"/>; the keeper then tries
    /// on when this process has ended.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        foreach (var made in await FindAsync(Engine, [.. names.Values], CancellationToken.None))
        {
            await Engine.DropAsync(made, CancellationToken.None);
        }
        if (keeper is not null)
        {
            await keeper.DisposeAsync();
        }
    }

    /// <summary>Databases of drills whose names begin with one of these, or with what a restore makes of them.</summary>
    internal static Task<IReadOnlyList<string>> FindAsync(
        IDrillEngine engine, IReadOnlyList<string> names, CancellationToken cancellationToken) =>
        FindAsync(engine, found => names.Any(name => found.StartsWith(name, StringComparison.Ordinal)), cancellationToken);

    internal static IDrillEngine EngineOf(string name, string url, TimeProvider clock) => name switch
    {
        "postgresql" => new PostgreSqlDrill(url, clock),
        "mongodb" => new MongoDbDrill(url),
        "mysql" => new MySqlDrill(url, clock),
        _ => throw new ArgumentException($"There is no server of kind {name}.", nameof(name)),
    };

    private static async Task<IReadOnlyList<string>> FindAsync(
        IDrillEngine engine, Func<string, bool> isMeant, CancellationToken cancellationToken) =>
    [
        .. (await engine.ListDatabasesAsync(cancellationToken))
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && isMeant(name)),
    ];
}
