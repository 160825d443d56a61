namespace Larder.Sources.Throwaway;

/// <summary>
/// What programs say when a restore failed by the machine or the connection, and not by the dump. Their exit statuses do not tell.
/// </summary>
internal static class Circumstance
{
    private static readonly string[] Phrases =
    [
        "No space left on device", "Disk quota exceeded", "could not extend file", "out of memory", "out of shared memory",
        "Cannot allocate memory", "Too many open files", "server closed the connection unexpectedly", "terminating connection",
        "the database system is", "could not connect", "Connection refused", "was ended by signal",
    ];

    /// <summary>Whether a message speaks of such a thing.</summary>
    public static bool IsToBlame(string message) => Phrases.Any(phrase => message.Contains(phrase, StringComparison.OrdinalIgnoreCase));
}
