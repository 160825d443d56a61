using Larder.Engine.Errors;
using Larder.Sources.Throwaway;

namespace Larder.Cli.Commands;

/// <summary>
/// `larder keep-scratch`, which only a drill calls: drops what the drill made on a scratch server, once the drill was killed.
/// </summary>
internal static class KeepScratchCommand
{
    public const string Name = "keep-scratch";

    public static LarderCommand Create() => new(Name, "Tidy a scratch server up after a drill that was killed.")
    {
        Hidden = true,
        Run = RunAsync,
    };

    private static async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        using var input = new StreamReader(Console.OpenStandardInput());
        await ScratchKeeper.RunAsync(input, call.World.Clock, cancellationToken);
        return ExitStatus.Done;
    }
}
