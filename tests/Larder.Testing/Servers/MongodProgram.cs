namespace Larder.Testing.Servers;

/// <summary>
/// A program called <c>mongod</c>, as programs look for one: a script around the server for tests, which is a Windows program. It lives in
/// a pretended Windows of its own, which goes when the server does.
/// </summary>
public static class MongodProgram
{
    // Paths are told its way, and Unix sockets it has none.
    private const string Script =
        """
        #!/bin/sh
        set -u
        server=
        export WINEPREFIX='{folder}'/wine-drill-$$ WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=' DISPLAY=
        end() {
            [ -z "$server" ] || kill -KILL "$server" 2>/dev/null
            wineserver --kill 2>/dev/null
            rm -rf "$WINEPREFIX"
            exit 0
        }
        trap end TERM INT HUP
        cp -a --link '{kept}' "$WINEPREFIX"
        for file in "$WINEPREFIX"/*.reg; do
            cp -p "$file" "$file.own"
            mv -f "$file.own" "$file"
        done
        count=$#
        while [ "$count" -gt 0 ]; do
            case $1 in
                --unixSocketPrefix) shift 2; count=$((count - 2)) ;;
                --dbpath|--keyFile) set -- "$@" "$1" "Z:$(printf %s "$2" | tr / '\\')"; shift 2; count=$((count - 2)) ;;
                *) set -- "$@" "$1"; shift; count=$((count - 1)) ;;
            esac
        done
        wine '{program}' "$@" </dev/null &
        server=$!
        wait "$server"
        end
        """;

    /// <summary>Writes it into a folder. Needs what <see cref="MongoServer.MissingReason"/> asks for.</summary>
    public static async Task MakeAsync(string folder, CancellationToken cancellationToken)
    {
        var kept = await WinePrefix.KeepAsync(cancellationToken);
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "mongod");
        await File.WriteAllTextAsync(
            path,
            Script.Replace("{kept}", kept, StringComparison.Ordinal)
                .Replace("{folder}", Path.GetDirectoryName(kept), StringComparison.Ordinal)
                .Replace("{program}", MongoServer.Program, StringComparison.Ordinal),
            cancellationToken);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }
}
