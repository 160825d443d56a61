using Larder.Sources;
using Larder.Sources.Tools;

namespace Larder.Engine.Monitoring;

/// <summary>Which of Larder's units systemd keeps alive.</summary>
public static class SystemdTimers
{
    private const string IsRunning = "/run/systemd/system"; // As sd_booted(3) has it.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    /// <summary>Names of active timers and services; null where systemd does not run or does not answer.</summary>
    public static async Task<IReadOnlyList<string>?> FindAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(IsRunning))
        {
            return null;
        }
        try
        {
            await using var process = ToolProcess.Start(
                new ToolStart
                {
                    Program = "systemctl",
                    Arguments =
                    [
                        "list-units", "--plain", "--no-legend", "--no-pager", "--state=active", "larder*.timer", "larder*.service",
                    ],
                    ShownName = "systemctl list-units",
                    Timeout = Bound,
                },
                clock);
            using var reader = new StreamReader(process.Output.AsStream());
            var said = await reader.ReadToEndAsync(cancellationToken);
            await process.CompleteAsync(cancellationToken);
            return [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(' ')[0])];
        }
        catch (SourceException)
        {
            return null;
        }
    }
}
