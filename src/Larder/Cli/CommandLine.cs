using System.CommandLine;
using System.Runtime.InteropServices;

namespace Larder.Cli;

/// <summary>From the words that were typed to the exit status.</summary>
internal static class CommandLine
{
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    public static async Task<int> RunProcessAsync(string[] words)
    {
        // Asked by scripts and by people who wait; nothing else need be loaded for it.
        if (words is ["--version"])
        {
            Console.Out.Write($"{CommandTree.Program} {Composition.Version}\n");
            return 0;
        }

        using var ending = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, EndGently);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, EndGently);
        var world = Surroundings.OfProcess();
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, HangUp);
        return await RunAsync(words, world, ending.Token);

        void HangUp(PosixSignalContext signal)
        {
            if (world.Hangup.TryTell())
            {
                signal.Cancel = true;
            }
            else
            {
                EndGently(signal);
            }
        }

        // The first one cleans up; a second one is left to the system, which kills.
        void EndGently(PosixSignalContext signal)
        {
            if (!ending.IsCancellationRequested)
            {
                signal.Cancel = true;
                ending.Cancel();
            }
        }
    }

    /// <summary>Never throws: whatever happens is told in words, and by the exit status.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> words, Surroundings world, CancellationToken cancellationToken)
    {
        var globals = new GlobalOptions();
        var root = CommandTree.Create(globals);
        var parsed = root.Parse(words, Parsing);
        using var call = new Call(parsed, globals, world);
        try
        {
            if (parsed.GetValue(root.Version))
            {
                call.Print($"{CommandTree.Program} {Composition.Version}");
                return 0;
            }
            var command = parsed.CommandResult.Command;
            if (parsed.GetValue(globals.Help))
            {
                call.Print(HelpPage.Of(command, globals, call.OutInk));
                return 0;
            }
            if (UsageProblem.Find(parsed, command, globals) is { } problem)
            {
                throw problem;
            }
            return (int)await ((LarderCommand)command).Run!(call, cancellationToken);
        }
        catch (Exception e)
        {
            // Whoever asked for the end gets it, whatever it broke on its way.
            var failure = cancellationToken.IsCancellationRequested && e is not OperationCanceledException
                ? new OperationCanceledException("The work was interrupted before it was done.", e)
                : e;
            var isJson = call.IsJson || IsJsonAsked(words);
            return (int)new FailureReport(call, isJson).Write(failure);
        }
        finally
        {
            // Whether people could be told changes nothing of how the call ended.
            await call.CompleteAlertsAsync(cancellationToken.IsCancellationRequested);
        }
    }

    // Where the words could not be understood, the wish for JSON may not have been either.
    private static bool IsJsonAsked(IReadOnlyList<string> words) => words.TakeWhile(word => word != "--").Contains("--json");
}
