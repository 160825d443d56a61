using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Engine.Sync;

/// <summary>
/// Sync and purge are for where the local database is the primary one: elsewhere the wrong side would win, and be emptied.
/// </summary>
public static class LocalPrimary
{
    /// <summary>The words that pages of other systems look for.</summary>
    public const string Message = "Backup operations are only available in LOCAL mode";

    private const string Variable = "PRIMARY_DATABASE";

    /// <summary>What the variable says; where it says nothing, <c>local</c> if a job says that local is primary.</summary>
    public static string? Of(LarderConfiguration configuration) =>
        configuration.Variables.GetValueOrDefault(Variable) is { Length: > 0 } said ? said.ToLowerInvariant()
        : configuration.Jobs.Values.Any(job => job.Sync is not null) ? "local"
        : null;

    /// <exception cref="LarderException"><see cref="EngineError.LocalModeNeeded"/> where somebody said that another is primary.</exception>
    public static void EnsureNotElsewhere(LarderConfiguration configuration)
    {
        if (Of(configuration) is not (null or "local"))
        {
            throw Refusal();
        }
    }

    public static LarderException Refusal() => new(EngineError.LocalModeNeeded, Message);
}
