using System.Globalization;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>The account of the system that a server runs as. Servers refuse to run as root, and should not.</summary>
/// <param name="Name">Such as <c>postgres</c>.</param>
/// <param name="Uid">Its number.</param>
/// <param name="Gid">Its group's number.</param>
public sealed record ServerAccount(string Name, uint Uid, uint Gid)
{
    /// <summary>
    /// The first of these accounts that this machine has; null where we are not root, and the server runs as we do.
    /// </summary>
    internal static ServerAccount? Find(params IReadOnlyList<string> names)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }
        var known = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3)
            .DistinctBy(fields => fields[0]).ToDictionary(fields => fields[0], StringComparer.Ordinal);
        return names.Where(known.ContainsKey)
            .Select(name => new ServerAccount(name, Number(known[name][2]), Number(known[name][3])))
            .FirstOrDefault();

        static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>A command line, run as this account. The process stays the same: setpriv becomes the program.</summary>
    internal static IReadOnlyList<string> Command(ServerAccount? account, IReadOnlyList<string> words)
    {
        if (account is null)
        {
            return words;
        }
        var setpriv = ProgramPath.Find("setpriv") ?? throw new SourceException(
            SourceError.ToolMissing,
            "A server is run as another account by the program setpriv (package util-linux), which is not installed.");
        return
        [
            setpriv, string.Create(CultureInfo.InvariantCulture, $"--reuid={account.Uid}"),
            string.Create(CultureInfo.InvariantCulture, $"--regid={account.Gid}"), "--clear-groups", "--", .. words,
        ];
    }
}
