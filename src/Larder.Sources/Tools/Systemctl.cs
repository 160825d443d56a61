namespace Larder.Sources.Tools;

/// <summary>What systemctl said.</summary>
/// <param name="Said">Its standard output.</param>
/// <param name="Failure">Why it ended badly, in a sentence with what it complained of; null where it ended well.</param>
public sealed record SystemctlAnswer(string Said, string? Failure);

/// <summary>systemd, asked by its own program.</summary>
public static class Systemctl
{
    private const string RunningMark = "/run/systemd/system"; // As sd_booted(3) has it.

    /// <summary>Whether systemd runs this machine.</summary>
    public static bool IsRunning => Directory.Exists(RunningMark);

    /// <summary>
    /// Asks it and waits for its end; one that is cancelled or takes too long is ended. A status other than 0 is an answer too: of a unit
    /// that does not run, say.
    /// </summary>
    /// <param name="words">The verb and what comes after.</param>
    /// <param name="timeout">Null waits for ever: a service that stops may have hours.</param>
    /// <param name="clock">For the time.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<SystemctlAnswer> AskAsync(
        IReadOnlyList<string> words, TimeSpan? timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        var said = "";
        try
        {
            var start = new ToolStart
            {
                Program = "systemctl", Arguments = words, ShownName = $"systemctl {string.Join(' ', words)}", Timeout = timeout,
            };
            await using var process = ToolProcess.Start(start, clock);
            using var reader = new StreamReader(process.Output.AsStream());
            said = await reader.ReadToEndAsync(cancellationToken);
            await process.CompleteAsync(cancellationToken);
            return new SystemctlAnswer(said, null);
        }
        catch (SourceException e)
        {
            return new SystemctlAnswer(said, e.Message);
        }
    }
}
