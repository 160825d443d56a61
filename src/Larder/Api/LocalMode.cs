using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Sync;

namespace Larder.Api;

/// <summary>
/// Calls of installations that keep a local database in step with a remote one are for where the local one is primary: elsewhere, emptying
/// collections after a backup would empty the wrong side.
/// </summary>
internal static class LocalMode
{
    /// <summary>The words that such pages look for.</summary>
    public const string Message = LocalPrimary.Message;

    public static string? PrimaryOf(LarderConfiguration configuration) => LocalPrimary.Of(configuration);

    /// <exception cref="LarderException"><see cref="EngineError.LocalModeNeeded"/> unless somebody said that local is primary.</exception>
    public static void Ensure(ApiCall call)
    {
        if (PrimaryOf(call.Services.Configuration) is not "local")
        {
            throw LocalPrimary.Refusal();
        }
    }

    /// <exception cref="LarderException"><see cref="EngineError.LocalModeNeeded"/> where somebody said that another is primary.</exception>
    public static void EnsureNotElsewhere(ApiCall call) => LocalPrimary.EnsureNotElsewhere(call.Services.Configuration);
}
