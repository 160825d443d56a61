namespace Larder.Sources.Exchanges;

/// <summary>
/// What a restore puts beside one target and what it will move, as data: made with the plan, before anything is changed, and kept in the
/// restore's journal until the old data is removed. Written as JSON, with no secret in it.
/// </summary>
public sealed record ExchangeRecord
{
    /// <summary><c>postgresql</c>, <c>mongodb</c>, <c>mysql</c>, <c>sqlite</c>, <c>files</c>, <c>command</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>For people: <c>postgresql://host:5432/name</c>, a path.</summary>
    public required string Target { get; init; }

    /// <summary>
    /// Whether everything that looks at the target sees either all of the old or all of the new, whenever it looks. Otherwise the parts
    /// change one after the other, and each of them is the old or the new one, or for a moment missing.
    /// </summary>
    public required bool IsAtomic { get; init; }

    /// <summary>In the order of the exchange.</summary>
    public required IReadOnlyList<ExchangePart> Parts { get; init; }
}

/// <summary>One thing that is exchanged: a database, a collection, a file, a folder.</summary>
public sealed record ExchangePart
{
    /// <summary><c>database</c>, <c>collection</c>, <c>view</c>, <c>table</c>, <c>file</c>, <c>folder</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>What it is called by those who use it: a database, <c>database.collection</c>, an absolute path.</summary>
    public required string Live { get; init; }

    /// <summary>What the restored one is called until the exchange; unique to this restore.</summary>
    public required string Beside { get; init; }

    /// <summary>What the replaced one is called from the exchange on; null where nothing stands there. Unique to this restore.</summary>
    public string? Old { get; init; }

    /// <summary>
    /// What the engine must know besides to go back: a definition that is dropped and made anew, in a form of its own. Null for none.
    /// </summary>
    public string? Detail { get; init; }
}

/// <summary>Names for what lies beside, which nobody takes for their own and which tell the restore that made them.</summary>
public static class ExchangeNames
{
    /// <summary>
    /// Of a restore's run: its id's last 8 digits, which are random. Names are <c>NAME_larder_TOKEN</c> in databases and
    /// <c>.NAME.larder-TOKEN</c> in folders, the old one's with <c>_old</c> or <c>-old</c> after it.
    /// </summary>
    public static string TokenOf(string runId) => runId[^8..];
}
