namespace Larder.Testing.Servers;

/// <summary>
/// The pretended Windows that the MongoDB server lives in. Making one takes seconds and 700 MB, so one for each account is kept in its
/// cache, and each server gets a copy of links: then ending all that lives in it ends nothing of another test run.
/// </summary>
internal static class WinePrefix
{
    // The marker is written when wine has let go of the folder; without it the folder is half made, and made again.
    private const string Make =
        """
        set -e
        if [ -e "$WINEPREFIX.ready" ] && [ -d "$WINEPREFIX" ]; then exit 0; fi
        rm -rf "$WINEPREFIX"
        mkdir -p "$WINEPREFIX"
        wineboot --init
        wineserver --wait
        touch "$WINEPREFIX.ready"
        """;

    // The registry is written to; all else is only read.
    private const string Copy =
        """
        set -e
        cp -a --link "$1" "$2"
        for file in "$2"/*.reg; do
            cp -p "$file" "$file.own"
            mv -f "$file.own" "$file"
        done
        """;

    private static readonly string Kept = Path.Combine(CacheFolder(), "wine");

    /// <summary>The one that is kept, made now where there is none; to be copied and not to be used.</summary>
    public static async Task<string> KeepAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(CacheFolder());
        // Of several test runs that find none, one makes it and the others wait.
        var make = new ChildCommand("flock", $"{Kept}.lock", "sh", "-c", Make) { Environment = EnvironmentFor(Kept) };
        (await ChildProcess.RunAsync(make, cancellationToken)).Expect();
        return Kept;
    }

    /// <summary>A new prefix for one server, to be removed when the server has ended.</summary>
    public static async Task<string> CreateAsync(CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken);
        var own = Path.Combine(CacheFolder(), $"wine-{Guid.NewGuid():n}");
        (await ChildProcess.RunAsync(new ChildCommand("sh", "-c", Copy, "sh", Kept, own), cancellationToken)).Expect();
        return own;
    }

    public static IReadOnlyDictionary<string, string?> EnvironmentFor(string prefix) => new Dictionary<string, string?>
    {
        ["WINEPREFIX"] = prefix,
        ["WINEDEBUG"] = "-all",
        ["WINEDLLOVERRIDES"] = "mscoree,mshtml=", // Neither is asked for, and wine would offer to download them.
        ["DISPLAY"] = "",
    };

    /// <summary>A path of this machine as programs in a prefix name it.</summary>
    public static string Translate(string path) => $"Z:{Path.GetFullPath(path).Replace('/', '\\')}";

    private static string CacheFolder()
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache))
        {
            cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        }
        return Path.Combine(cache, "larder-tests");
    }
}
