using System.Diagnostics;
using System.Globalization;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>
/// A running server with a keeper beside it: a shell in a session of its own that waits for the end of a pipe which this process holds
/// open and never writes to. However this process ends, the kernel closes the pipe, and the keeper ends the server and removes the folder.
/// </summary>
internal sealed class KeptEngine : IAsyncDisposable
{
    // The server is a session and process group of its own: what it starts ends with it, also while it is being made. It has 10 seconds to
    // end by itself. The trap is no ignoring, so the server's signals are as they should be; only QUIT is ignored by what a shell runs
    // beside itself, until the server says otherwise, so TERM follows for what runs before it.
    private const string Keeper =
        """
        exec 3<&0 </dev/null
        trap : HUP INT TERM PIPE
        folder=$1 signal=$2
        shift 2
        setsid "$@" 3<&- >"$folder/log" 2>&1 &
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
        rm -rf -- "$folder" || { sleep 1; chmod -R u+rwx -- "$folder"; rm -rf -- "$folder"; }
        kill -s KILL 0
        """;

    private const int LogShownCharacters = 1500;
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(90); // A slow disk, or wine's first start.
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly Process keeper;
    private readonly ThrowawayFolder folder;
    private readonly TimeProvider clock;
    private readonly string shownName;
    private readonly int engine;
    private bool disposed;

    private KeptEngine(Process keeper, ThrowawayFolder folder, string shownName, int engine, TimeProvider clock) =>
        (this.keeper, this.folder, this.shownName, this.engine, this.clock) = (keeper, folder, shownName, engine, clock);

    /// <summary>Whether the server is gone, which nobody asked it to.</summary>
    public bool HasEnded => !ProcessMark.Runs(engine);

    /// <summary>The end of what the server said, as part of a message; empty where it said nothing.</summary>
    public string Said
    {
        get
        {
            try
            {
                var text = File.ReadAllText(folder["log"]).Trim();
                return text.Length == 0 ? ""
                    : $" It said: \"{(text.Length > LogShownCharacters ? "…" + text[^LogShownCharacters..] : text)}\".";
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    /// <param name="folder">Removed with the server; its owner must not use it afterwards.</param>
    /// <param name="command">The server's program and arguments.</param>
    /// <param name="signal">What asks it to end at once: its data are thrown away.</param>
    /// <param name="shownName">How messages name it.</param>
    public static async Task<KeptEngine> StartAsync(
        ThrowawayFolder folder,
        IReadOnlyList<string> command,
        string signal,
        string shownName,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var setsid = ProgramPath.Find("setsid") ?? throw new SourceException(
            SourceError.ToolMissing, "A drill needs the program setsid (package util-linux), which is not installed.");
        var start = new ProcessStartInfo(setsid, ["/bin/sh", "-c", Keeper, "larder-drill", folder.FullPath, signal, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        SetEnvironment(start);
        var keeper = Process.Start(start)!;
        var line = await keeper.StandardOutput.ReadLineAsync(cancellationToken);
        if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var engine))
        {
            return new KeptEngine(keeper, folder, shownName, engine, clock);
        }
        keeper.StandardInput.Close();
        throw new SourceException(SourceError.ToolFailed, $"{shownName} cannot be started.");
    }

    /// <summary>A word of a shell's command line.</summary>
    public static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>A command line that makes the server's data and then becomes the server.</summary>
    public static string Chain(IReadOnlyList<string> make, IReadOnlyList<string> serve) =>
        $"{string.Join(' ', make.Select(Quote))} && exec {string.Join(' ', serve.Select(Quote))}";

    /// <summary>
    /// What the server needs of our environment, and nothing more: it runs as another account, and variables may hold passwords.
    /// </summary>
    public static void SetEnvironment(ProcessStartInfo start)
    {
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        start.Environment["HOME"] = Environment.GetEnvironmentVariable("HOME") ?? "/";
        start.Environment["LC_ALL"] = "C.UTF-8";
    }

    /// <summary>
    /// Asks until the server answers. Fails with <see cref="SourceException"/>: <see cref="SourceError.ToolFailed"/> with what the server
    /// said where it ended, <see cref="SourceError.TimedOut"/> after 90 seconds.
    /// </summary>
    /// <param name="ask">Fails with <see cref="SourceException"/> while the server does not answer.</param>
    public async Task<T> WaitForAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return await ask(cancellationToken);
            }
            catch (SourceException error) when (error.Error != SourceError.ToolMissing)
            {
                if (HasEnded)
                {
                    throw new SourceException(SourceError.ToolFailed, $"{shownName} ended while it was starting.{Said}", error);
                }
                if (clock.GetElapsedTime(began) > StartBound)
                {
                    throw new SourceException(
                        SourceError.TimedOut,
                        $"{shownName} did not answer within {StartBound.TotalSeconds} seconds: {error.Message}{Said}",
                        error);
                }
            }
            await Task.Delay(LookInterval, clock, cancellationToken);
        }
    }

    /// <summary>The server is gone and its folder removed when this completes.</summary>
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
            await keeper.WaitForExitAsync(CancellationToken.None).WaitAsync(EndBound, clock);
        }
        catch (TimeoutException)
        {
            new ProcessGroup(keeper.Id).End();
            await keeper.WaitForExitAsync(CancellationToken.None);
        }
        keeper.Dispose();
        folder.Dispose(); // Gone already, unless the keeper was killed.
    }
}
