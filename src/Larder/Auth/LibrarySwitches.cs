using System.Runtime.CompilerServices;

namespace Larder.Auth;

/// <summary>
/// What Microsoft's library reads once for the whole process, at the first token whatever it is for. So it is set before any code of this
/// program runs; it loads nothing.
/// </summary>
internal static class LibrarySwitches
{
    /// <summary>
    /// Newer keys of a provider are waited for: otherwise they are fetched beside, and the sign-in that needs them is refused.
    /// </summary>
    [ModuleInitializer]
    internal static void Set() => AppContext.SetSwitch("Switch.Microsoft.IdentityModel.UpdateConfigAsBlocking", true);
}
