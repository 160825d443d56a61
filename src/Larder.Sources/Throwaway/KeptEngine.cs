using System.Globalization;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>A running server that the keeper of its folder started, and ends when the folder is disposed.</summary>
internal sealed class KeptEngine
{
    private const int LogShownCharacters = 1500;
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(120); // A slow disk, or a machine that is busy with backups.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly ThrowawayFolder folder;
    private readonly TimeProvider clock;
    private readonly string shownName;
    private readonly int engine;

    private KeptEngine(ThrowawayFolder folder, string shownName, int engine, TimeProvider clock) =>
        (this.folder, this.shownName, this.engine, this.clock) = (folder, shownName, engine, clock);

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

    /// <param name="folder">The server's own; its end is the server's.</param>
    /// <param name="command">A shell's command line, which becomes the server.</param>
    /// <param name="signal">What asks it to end at once: its data are thrown away.</param>
    /// <param name="shownName">How messages name it.</param>
    public static async Task<KeptEngine> StartAsync(
        ThrowawayFolder folder,
        string command,
        string signal,
        string shownName,
        TimeProvider clock,
        CancellationToken cancellationToken) =>
        int.TryParse(
            await folder.ServeAsync(signal, command, cancellationToken), NumberStyles.None, CultureInfo.InvariantCulture, out var engine)
            ? new KeptEngine(folder, shownName, engine, clock)
            : throw new SourceException(SourceError.ToolFailed, $"{shownName} cannot be started.");

    /// <summary>A command line that becomes a program.</summary>
    public static string Exec(IReadOnlyList<string> words) => $"exec {Join(words)}";

    /// <summary>A command line that runs one program to its end, and then becomes the other.</summary>
    public static string Exec(IReadOnlyList<string> first, IReadOnlyList<string> then) => $"{Join(first)} && exec {Join(then)}";

    /// <summary>
    /// Asks until the server answers. Fails with <see cref="SourceException"/>: <see cref="SourceError.ToolFailed"/> with what the server
    /// said where it ended, <see cref="SourceError.TimedOut"/> after two minutes.
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

    // Quoted, so that nothing in a path means anything to the shell.
    private static string Join(IReadOnlyList<string> words) =>
        string.Join(' ', words.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
}
