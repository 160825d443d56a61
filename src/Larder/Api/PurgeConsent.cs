using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>Who may have collections emptied that a job does not empty by itself: it removes data, so it needs what removing backups
/// needs.</summary>
internal static class PurgeConsent
{
    private static readonly Needs Needed = Needs.Of(Role.Admin, Scope.Remove);

    /// <exception cref="LarderException"><see cref="EngineError.NotAllowed"/>.</exception>
    public static void EnsureMayBeGivenBy(Caller caller)
    {
        if (!Needed.AreMetBy(caller))
        {
            throw new LarderException(
                EngineError.NotAllowed, "Emptying collections needs the role admin, and of a token the scope remove.");
        }
    }
}
