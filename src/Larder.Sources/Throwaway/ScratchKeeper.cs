using System.Diagnostics;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>
/// Larder once more, in a session of its own, waiting for the end of a pipe that the drilling process holds: when that ends without having
/// said that all is done, what its drill made on a scratch server is dropped.
/// </summary>
public sealed class ScratchKeeper : IAsyncDisposable
{
    private const string Done = "done";
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    // What the killed drill had begun may take a while to hear of its end, such as an index that is being built.
    private static readonly TimeSpan DropBound = TimeSpan.FromMinutes(5);

    private readonly Process process;

    private ScratchKeeper(Process process) => this.process = process;

    /// <summary>Starts it. Fails with <see cref="SourceException"/>: <see cref="SourceError.ToolMissing"/>.</summary>
    /// <param name="command">The program and arguments that come to <see cref="RunAsync"/>.</param>
    /// <param name="engine"><c>postgresql</c>, <c>mongodb</c>, <c>mysql</c>.</param>
    /// <param name="url">The server; handed over by the pipe, where nobody else can read it.</param>
    /// <param name="names">What the names of the drill's databases begin with.</param>
    internal static async Task<ScratchKeeper> StartAsync(
        IReadOnlyList<string> command, string engine, string url, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var setsid = ProgramPath.Find("setsid") ?? throw new SourceException(
            SourceError.ToolMissing, "A drill needs the program setsid (package util-linux), which is not installed.");
        var keeper = new ScratchKeeper(Process.Start(new ProcessStartInfo(setsid, command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        })!);
        await keeper.process.StandardInput.WriteAsync(
            $"{engine}\n{url}\n{string.Join('\n', names)}\n\n".AsMemory(), cancellationToken);
        await keeper.process.StandardInput.FlushAsync(cancellationToken);
        return keeper;
    }

    /// <summary>The keeper's own work: waits for the end of the input, and drops what was announced there. Never throws.</summary>
    public static async Task RunAsync(TextReader input, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (engine, url) = (await input.ReadLineAsync(CancellationToken.None), await input.ReadLineAsync(CancellationToken.None));
        var names = new List<string>();
        while (await input.ReadLineAsync(CancellationToken.None) is { Length: > 0 } name)
        {
            names.Add(name);
        }
        if (engine is null || url is null || names.Count == 0 || await ReadEndAsync(input, cancellationToken) == Done)
        {
            return;
        }
        var began = clock.GetTimestamp();
        while (!await TryDropAsync(ScratchServer.EngineOf(engine, url, clock), names) && clock.GetElapsedTime(began) < DropBound)
        {
            await Task.Delay(LookInterval, clock, CancellationToken.None);
        }
    }

    /// <summary>All is done: it has nothing to drop.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await process.StandardInput.WriteLineAsync(Done);
            process.StandardInput.Close();
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(EndBound, TimeProvider.System);
        }
        catch (Exception error) when (error is IOException or TimeoutException)
        {
            // It is gone, or ends by itself.
        }
        process.Dispose();
    }

    // A machine that shuts down asks by a signal, which is as good as the end.
    private static async Task<string?> ReadEndAsync(TextReader input, CancellationToken cancellationToken)
    {
        try
        {
            return await input.ReadLineAsync(cancellationToken);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            return null;
        }
    }

    /// <returns>Whether nothing is left, asked once more after what was dropped.</returns>
    private static async Task<bool> TryDropAsync(IDrillEngine engine, List<string> names)
    {
        try
        {
            var left = await ScratchServer.FindAsync(engine, names, CancellationToken.None);
            foreach (var name in left)
            {
                await engine.DropAsync(name, CancellationToken.None);
            }
            return left.Count == 0;
        }
        catch (SourceException)
        {
            return false;
        }
    }
}
