using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Servers;
using Larder.Sources;
using Larder.Sources.Dumps;

namespace Larder;

/// <summary>The part of the composition that knows database servers: from settings, their secrets fetched, to what talks to them.</summary>
internal sealed class ServerComposition
{
    private readonly TimeProvider clock;

    /// <param name="variables">The environment and `.env`.</param>
    /// <param name="clock">All waiting.</param>
    public ServerComposition(IReadOnlyDictionary<string, string> variables, TimeProvider clock)
    {
        this.clock = clock;
        foreach (var (name, value) in variables.Where(variable => variable.Key.StartsWith("PG", StringComparison.Ordinal)))
        {
            // What a URL does not say, libpq looks for in the environment; of `.env` it knows nothing. Children inherit it from here.
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    /// <summary>What reads the dumps of an engine; null for what is no database server.</summary>
    public static IDumpCheck? CheckOf(string engine) => engine switch
    {
        _ => null,
    };

    /// <summary>The source of a database server; null for what is none.</summary>
    public async ValueTask<ISource?> SourceAsync(SourceSettings settings, CancellationToken cancellationToken) => settings switch
    {
        _ => null,
    };

    public async ValueTask<IDumpRestore> RestoreIntoAsync(ServerTarget target, CancellationToken cancellationToken) => target.Engine switch
    {
        _ => throw new LarderException(
            EngineError.UnsupportedSource, $"This version of Larder does not restore into servers of kind \"{target.Engine}\"."),
    };
}
