using Larder.Sources.Dumps;

namespace Larder.Engine.Servers;

/// <summary>What reads dumps of database servers and puts them back. Made by the executable's composition.</summary>
public sealed record DumpEngines
{
    /// <summary>Where no engine of database servers is known.</summary>
    public static DumpEngines None { get; } = new()
    {
        CheckOf = _ => null,
        RestoreInto = (target, _) => throw new Errors.LarderException(
            Errors.EngineError.UnsupportedSource,
            $"This version of Larder does not restore into servers of kind \"{target.Engine}\"."),
    };

    /// <summary>Whether a kind of source is a database server.</summary>
    public static bool IsServer(string engine) => ServerUrl.IsServer(engine);

    /// <summary>What reads the dumps of an engine without its server; null for what is no dump of a server.</summary>
    public required Func<string, IDumpCheck?> CheckOf { get; init; }

    /// <summary>What writes the dumps of an engine as SQL; null for what speaks none.</summary>
    public Func<string, IDumpScript?> ScriptOf { get; init; } = _ => null;

    /// <summary>
    /// What writes to a server, the secrets of its address fetched; fails with <see cref="Configuration.ConfigurationException"/> where
    /// they cannot be had. The server itself is not talked to yet.
    /// </summary>
    public required Func<ServerTarget, CancellationToken, ValueTask<IDumpRestore>> RestoreInto { get; init; }
}
