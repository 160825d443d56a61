using Larder.Sources.Tools;

namespace Larder.Engine.Monitoring;

/// <summary>Which of Larder's units systemd keeps alive.</summary>
public static class SystemdTimers
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private static readonly string[] Question =
        ["list-units", "--plain", "--no-legend", "--no-pager", "--state=active", "larder*.timer", "larder*.service"];

    /// <summary>Names of active timers and services; null where systemd does not run or does not answer.</summary>
    public static async Task<IReadOnlyList<string>?> FindAsync(TimeProvider clock, CancellationToken cancellationToken) =>
        Systemctl.IsRunning && await Systemctl.AskAsync(Question, Bound, clock, cancellationToken) is { Failure: null } answer
            ? [.. answer.Said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(' ')[0])]
            : null;
}
