using System.Diagnostics;
using Larder.Sources.Native;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>
/// A private folder with a keeper: a shell in a session of its own that waits for the end of a pipe which this process holds open. However
/// this process ends, the kernel closes the pipe, and the keeper ends the server that it may have started and removes the folder. It makes
/// the folder too, so there is no moment at which the folder is there and nobody would remove it.
/// </summary>
/// <remarks>
/// The folder's name says which process made it, so that the next drill can remove what a machine that lost its power left.
/// </remarks>
public sealed class ThrowawayFolder : IAsyncDisposable
{
    // It is told a signal and a command line, where a server is to be started. The server is a session and process group of its own: what
    // it starts ends with it, also while it is being made, and it has 10 seconds to end by itself. A trap is no ignoring, so the server's
    // signals are as they should be; only QUIT is ignored by what a shell runs beside itself, until the server says otherwise, so TERM
    // follows for what runs before it. What was restored may have folders that their owner may not write to.
    private const string Keeper =
        """
        exec 3<&0 </dev/null
        trap : HUP INT TERM PIPE
        mkdir -m 700 -- "$1" || exit 1
        echo made
        if read -r signal <&3 && read -r command <&3; then
            setsid /bin/sh -c "$command" 3<&- >"$1/log" 2>&1 &
            engine=$!
            echo "$engine"
            exec >/dev/null 2>&1
            read -r _ <&3
            kill -s "$signal" -- "-$engine"
            kill -s TERM -- "-$engine"
            { sleep 10; kill -s KILL -- "-$engine"; } &
            wait "$engine"
            while kill -s 0 "$engine"; do wait "$engine"; done
            kill -s KILL -- "-$engine"
        fi
        exec >/dev/null 2>&1
        rm -rf -- "$1" || { sleep 1; chmod -R u+rwx -- "$1"; rm -rf -- "$1"; }
        kill -s KILL 0
        """;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(60); // A large tree takes its time to be removed.

    private readonly Process keeper;
    private bool disposed;

    private ThrowawayFolder(string path, Process keeper) => (FullPath, this.keeper) = (path, keeper);

    public string FullPath { get; }

    /// <summary>A path in it.</summary>
    public string this[string name] => Path.Combine(FullPath, name);

    /// <summary>
    /// Fails with <see cref="SourceException"/>: <see cref="SourceError.TargetFailed"/>, <see cref="SourceError.ToolMissing"/>.
    /// </summary>
    /// <param name="parent">Where; a folder that is there.</param>
    /// <param name="cancellationToken">Of the making alone.</param>
    /// <param name="startsServer">Whether the keeper will be asked to start a server, maybe as another account.</param>
    public static async Task<ThrowawayFolder> CreateAsync(
        string parent, CancellationToken cancellationToken, bool startsServer = false)
    {
        var setsid = ProgramPath.Find("setsid") ?? throw new SourceException(
            SourceError.ToolMissing, "A drill needs the program setsid (package util-linux), which is not installed.");
        var path = Path.Combine(
            Path.GetFullPath(parent), $"{Leftovers.DrillPrefix}{ProcessMark.OfThisProcess}_{Guid.NewGuid().ToString("n")[..8]}");
        string[] command = ["/bin/sh", "-c", Keeper, "larder-drill", path];
        var words = startsServer
            ? await KeeperUnit.CommandAsync(setsid, command, Path.GetFullPath(parent), cancellationToken)
            : [setsid, .. command];
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };

        // What a server needs of our environment, and nothing more: it may run as another account, and variables may hold passwords.
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        start.Environment["HOME"] = Environment.GetEnvironmentVariable("HOME") ?? "/";
        start.Environment["LC_ALL"] = "C.UTF-8";
        var folder = new ThrowawayFolder(path, Process.Start(start)!);
        try
        {
            if (await folder.keeper.StandardOutput.ReadLineAsync(cancellationToken) is null)
            {
                var said = await folder.keeper.StandardError.ReadToEndAsync(cancellationToken);
                throw new SourceException(SourceError.TargetFailed, $"The drill cannot make a folder in {parent}: {said.Trim()}.");
            }
            return folder;
        }
        catch
        {
            await folder.DisposeAsync();
            throw;
        }
    }

    /// <summary>A folder in it that only one account may enter.</summary>
    public string Make(string name, ServerAccount? owner = null)
    {
        var path = Directory.CreateDirectory(this[name], Private).FullName;
        Give(path, owner);
        return path;
    }

    /// <summary>Hands the folder to the account that the server runs as; nobody else but root may enter it then.</summary>
    internal void GiveTo(ServerAccount? owner) => Give(FullPath, owner);

    /// <summary>Hands a file in it to the account that the server runs as.</summary>
    internal void GiveFileTo(ServerAccount? owner, string name) => Give(this[name], owner);

    /// <summary>Has the keeper start a server; once.</summary>
    /// <param name="signal">What asks it to end at once: its data are thrown away.</param>
    /// <param name="command">Its command line, on one line.</param>
    /// <returns>The first line that the keeper answers: the server's process id.</returns>
    internal async Task<string?> ServeAsync(string signal, string command, CancellationToken cancellationToken)
    {
        await keeper.StandardInput.WriteAsync($"{signal}\n{command}\n".AsMemory(), cancellationToken);
        await keeper.StandardInput.FlushAsync(cancellationToken);
        return await keeper.StandardOutput.ReadLineAsync(cancellationToken);
    }

    /// <summary>Removes folders of drills whose process is gone; the drill's keeper did not, so the machine must have stopped.</summary>
    /// <returns>What was removed.</returns>
    public static IReadOnlyList<string> RemoveLeftovers(string parent) => Leftovers.Remove(parent, Leftovers.DrillPrefix);

    /// <summary>Server and folder are gone when this completes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        keeper.StandardInput.Close();
        try
        {
            await keeper.WaitForExitAsync(CancellationToken.None).WaitAsync(EndBound, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            return; // It goes on by itself, and ends when it has removed the folder.
        }
        keeper.Dispose();
        Leftovers.TryRemove(FullPath); // Gone already, unless the keeper was killed.
    }

    private static void Give(string path, ServerAccount? owner)
    {
        if (owner is not null)
        {
            LibcPath.SetOwner(path, owner.Uid, owner.Gid);
        }
    }
}
