using System.Globalization;

namespace Larder.Sources.Tools;

/// <summary>
/// Which process made something, in a form that fits into names of folders and databases. Process numbers are given again, so the moment
/// of the start (clock ticks since boot, base 36) belongs to it, and the machine's name in a short form.
/// </summary>
internal static class ProcessMark
{
    private const int HostDigits = 4;

    /// <summary>Such as <c>3fa9_4711_2k9x1</c>: lower case, digits and underscores.</summary>
    public static string OfThisProcess { get; } = string.Create(
        CultureInfo.InvariantCulture, $"{Host()}_{Environment.ProcessId}_{ReadStart(Environment.ProcessId)}");

    /// <summary>
    /// Whether a name that begins with a mark was made by a process of this machine that runs no more. A process of another machine is
    /// out of sight, and a name that is no mark is nobody's: the answer is no.
    /// </summary>
    public static bool IsDead(string name) =>
        name.Split('_') is [var host, var pid, var start, ..] && host == Host()
        && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && ReadStart(number) != start;

    private static string Host()
    {
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Environment.MachineName));
        return Convert.ToHexStringLower(hash)[..HostDigits];
    }

    /// <returns>Empty where no such process runs. A zombie holds its number, but does nothing any more.</returns>
    private static string ReadStart(int pid) => ReadStat(pid) is [not ("Z" or "X"), .. var rest] ? ToBase36(rest[18]) : "";

    /// <summary>Whether a process of this number runs.</summary>
    public static bool Runs(int pid) => ReadStat(pid) is [not ("Z" or "X"), ..];

    /// <returns>The fields of <c>/proc/PID/stat</c> from the state on; null where there is no such process.</returns>
    private static string[]? ReadStat(int pid)
    {
        try
        {
            // The second field is the program's name in brackets and may hold spaces and brackets: count from the last one.
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string ToBase36(string ticks)
    {
        const string digits = "0123456789abcdefghijklmnopqrstuvwxyz";
        var text = "";
        for (var rest = ulong.Parse(ticks, CultureInfo.InvariantCulture); rest > 0 || text.Length == 0; rest /= 36)
        {
            text = digits[(int)(rest % 36)] + text;
        }
        return text;
    }
}
