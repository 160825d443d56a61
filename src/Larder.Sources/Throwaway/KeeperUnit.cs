using System.Globalization;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>
/// Where this process is a service of systemd that may not change accounts, its keeper runs in a unit of its own that may do that and
/// little else. systemd starts it; the pipes between it and this process are the same as ever, so it still ends when this process does.
/// </summary>
internal static class KeeperUnit
{
    private const ulong Kill = 1UL << 5, SetGid = 1UL << 6, SetUid = 1UL << 7; // capabilities(7).
    private static readonly TimeSpan QuestionBound = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How the keeper is started, in a session of its own: by <c>setsid</c> where this process may do all that it takes, or is no service.
    /// </summary>
    /// <param name="setsid">That program.</param>
    /// <param name="keeper">The keeper's command line.</param>
    /// <param name="parent">Where the keeper makes its folder.</param>
    /// <param name="cancellationToken">Ends the question to systemd.</param>
    public static async Task<IReadOnlyList<string>> CommandAsync(
        string setsid, IReadOnlyList<string> keeper, string parent, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess || !Systemctl.IsRunning || MayChangeAccounts(File.ReadLines("/proc/self/status"))
            || UnitOf(File.ReadLines("/proc/self/cgroup")) is not { } unit)
        {
            return [setsid, .. keeper];
        }
        var systemdRun = ProgramPath.Find("systemd-run") ?? throw new SourceException(
            SourceError.ToolMissing,
            "This service may not change accounts, so its drills need the program systemd-run (package systemd), which is not installed.");
        var hasNoNetwork = await HasNoNetworkAsync(unit, cancellationToken);
        return // A service has a session of its own; setsid would fork, and systemd take its end for the service's.
        [
            systemdRun, .. Options(unit, parent, hasNoNetwork), "--",
            .. keeper.Select(word => word.Replace("$", "$$", StringComparison.Ordinal)), // systemd would put in variables of its own.
        ];
    }

    /// <summary>Whether a process with this <c>/proc/PID/status</c> may become another account and signal its processes.</summary>
    internal static bool MayChangeAccounts(IEnumerable<string> status)
    {
        const string Effective = "CapEff:";
        var line = status.FirstOrDefault(line => line.StartsWith(Effective, StringComparison.Ordinal));
        return line is null || (ulong.Parse(line.AsSpan(Effective.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            & (Kill | SetGid | SetUid)) == (Kill | SetGid | SetUid);
    }

    /// <summary>The service that a process with this <c>/proc/PID/cgroup</c> belongs to; null where it belongs to none.</summary>
    internal static string? UnitOf(IEnumerable<string> cgroups) => cgroups
        .Where(line => line.StartsWith("0::", StringComparison.Ordinal) || line.Contains(":name=systemd:", StringComparison.Ordinal))
        .Select(line => line.Split('/').LastOrDefault(part => part.EndsWith(".service", StringComparison.Ordinal)))
        .FirstOrDefault(unit => unit is not null);

    /// <summary>
    /// The unit shares the temporary files of the service, where the server's socket lies, and its network, if that is private. It has its
    /// standard streams from this process.
    /// </summary>
    private static IEnumerable<string> Options(string unit, string parent, bool hasNoNetwork)
    {
        string[] properties =
        [
            $"JoinsNamespaceOf={unit}", "PrivateTmp=yes", $"PrivateNetwork={(hasNoNetwork ? "yes" : "no")}",
            "SuccessExitStatus=KILL", // How a keeper ends when all is done.
            "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID",
            "NoNewPrivileges=yes", "ProtectSystem=strict", $"ReadWritePaths={Quoted($"-{parent}")}", "ProtectHome=read-only",
            "PrivateDevices=yes",
            "ProtectKernelTunables=yes", "ProtectKernelModules=yes", "ProtectKernelLogs=yes", "ProtectControlGroups=yes",
            "ProtectClock=yes", "ProtectHostname=yes", "ProtectProc=invisible", "RestrictNamespaces=yes", "RestrictRealtime=yes",
            "RestrictSUIDSGID=yes", "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", "LockPersonality=yes",
            "SystemCallArchitectures=native", "SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM", "KeyringMode=private",
            "UMask=0077", "LimitCORE=0",
        ];
        return
        [
            "--quiet", "--collect", "--wait", "--pipe", "--service-type=exec", "--description=Larder: the server of a drill",
            $"--setenv=PATH={Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin"}",
            "--setenv=LC_ALL=C.UTF-8",
            .. properties.Select(property => $"--property={property}"),
        ];
    }

    private static async Task<bool> HasNoNetworkAsync(string unit, CancellationToken cancellationToken)
    {
        string[] question = ["show", "--value", "--property=PrivateNetwork", unit];
        return (await Systemctl.AskAsync(question, QuestionBound, TimeProvider.System, cancellationToken)).Said.Trim() == "yes";
    }

    /// <summary>A path as systemd.syntax(7) wants it in a list.</summary>
    private static string Quoted(string path) =>
        $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
