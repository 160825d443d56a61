using System.Buffers;
using System.Text;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.Tools;

namespace Larder.Engine.BackingUp;

/// <summary>
/// Runs a job's command lines around a backup. Their output goes into the events of the run; the environment tells them what happened.
/// </summary>
internal sealed class HookRunner(RunJournal journal, TimeProvider clock, IReadOnlyDictionary<string, string> environment)
{
    // Enough for the end of a story; a hook that floods its output must not flood the catalog.
    private const int OutputBytesMax = 16 << 10;

    /// <summary>Runs command lines in order, stopping at the first that fails.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.HookFailed"/>.</exception>
    public async Task RunAsync(
        string kind, IReadOnlyList<string> commandLines, IReadOnlyDictionary<string, string> facts, CancellationToken cancellationToken)
    {
        for (var i = 0; i < commandLines.Count; i++)
        {
            var name = $"The {kind} hook{(commandLines.Count > 1 ? $" {i + 1} of {commandLines.Count}" : "")}";
            var start = ToolStart.Shell(commandLines[i], name) with
            {
                Environment = new Dictionary<string, string>(environment.Concat(facts)),
            };
            var output = "";
            try
            {
                await using var process = ToolProcess.Start(start, clock);
                output = await ReadTailAsync(process, cancellationToken);
                await process.CompleteAsync(cancellationToken);
                var said = $"{output}\n{process.ErrorText}".Trim();
                journal.Append(EventLevel.Info, $"{name} ended well.{(said.Length > 0 ? $" Its output: {Tail(said)}" : "")}");
            }
            catch (SourceException e)
            {
                // The message quotes its standard error; what it printed before is often the reason.
                journal.Append(EventLevel.Error, e.Message + (output.Length > 0 ? $" Its output: {output}" : ""));
                throw new LarderException(EngineError.HookFailed, e.Message, e);
            }
        }
    }

    private static string Tail(string text) => text.Length <= OutputBytesMax ? text : text[^OutputBytesMax..];

    private static async Task<string> ReadTailAsync(ToolProcess process, CancellationToken cancellationToken)
    {
        var tail = new StringBuilder();
        while (true)
        {
            var read = await process.Output.ReadAsync(cancellationToken);
            tail.Append(Encoding.UTF8.GetString(read.Buffer.ToArray()));
            if (tail.Length > OutputBytesMax)
            {
                tail.Remove(0, tail.Length - OutputBytesMax);
            }
            process.Output.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return tail.ToString().Trim();
            }
        }
    }
}
