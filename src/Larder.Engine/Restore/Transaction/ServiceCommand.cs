using System.Text;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.Tools;

namespace Larder.Engine.Restore.Transaction;

/// <summary>
/// Runs a command line that may start something that lives on: it has a session of its own, which is not ended with ours, and its output
/// goes to a file, since a pipe would stay open as long as what was started.
/// </summary>
internal static class ServiceCommand
{
    private const int OutputCharactersMax = 4000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <param name="name">The beginning of a sentence.</param>
    /// <param name="commandLine">For /bin/sh.</param>
    /// <param name="events">Told how it ended and what it said.</param>
    /// <param name="clock">Bounds it: five minutes.</param>
    /// <param name="cancellationToken">Ends the waiting, not what was started.</param>
    /// <exception cref="LarderException"><see cref="EngineError.ServiceFailed"/>, quoting what it said.</exception>
    public static async Task RunAsync(
        string name, string commandLine, RunJournal events, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var folder = PrivateFolder.Create();
        var said = folder["said"];
        try
        {
            var start = new ToolStart
            {
                Program = "/bin/sh",
                Arguments = ["-c", "exec setsid -w /bin/sh -c \"$1\" >\"$2\" 2>&1 </dev/null", "sh", commandLine, said],
                ShownName = name,
                Timeout = Patience,
            };
            await using var process = ToolProcess.Start(start, clock);
            await process.CompleteAsync(cancellationToken);
            events.Append(EventLevel.Info, $"{name} ended well.{await QuoteAsync(said)}");
        }
        catch (SourceException e)
        {
            var message = $"{e.Message}{await QuoteAsync(said)}";
            events.Append(EventLevel.Error, message);
            throw new LarderException(EngineError.ServiceFailed, message, e);
        }
    }

    private static async Task<string> QuoteAsync(string file)
    {
        var text = File.Exists(file) ? (await File.ReadAllTextAsync(file, Encoding.UTF8)).Trim() : "";
        return text.Length == 0 ? "" : $" It said: {(text.Length > OutputCharactersMax ? text[^OutputCharactersMax..] : text)}";
    }
}
