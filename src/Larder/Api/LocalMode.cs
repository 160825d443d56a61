using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>
/// Calls of installations that keep a local database in step with a remote one are for where the local one is primary: elsewhere, emptying
/// collections after a backup would empty the wrong side.
/// </summary>
internal static class LocalMode
{
    /// <summary>The words that such pages look for.</summary>
    public const string Message = "Backup operations are only available in LOCAL mode";

    private const string Variable = "PRIMARY_DATABASE";

    /// <summary>What the variable says; where it says nothing, <c>local</c> if a job says that local is primary.</summary>
    public static string? PrimaryOf(LarderConfiguration configuration) =>
        configuration.Variables.GetValueOrDefault(Variable) is { Length: > 0 } said ? said.ToLowerInvariant()
        : configuration.Jobs.Values.Any(job => job.Sync is not null) ? "local"
        : null;

    /// <exception cref="LarderException"><see cref="EngineError.LocalModeNeeded"/> unless somebody said that local is primary.</exception>
    public static void Ensure(ApiCall call)
    {
        if (PrimaryOf(call.Services.Configuration) is not "local")
        {
            throw Refusal();
        }
    }

    /// <exception cref="LarderException"><see cref="EngineError.LocalModeNeeded"/> where somebody said that another is primary.</exception>
    public static void EnsureNotElsewhere(ApiCall call)
    {
        if (PrimaryOf(call.Services.Configuration) is not (null or "local"))
        {
            throw Refusal();
        }
    }

    private static LarderException Refusal() => new(EngineError.LocalModeNeeded, Message);
}
