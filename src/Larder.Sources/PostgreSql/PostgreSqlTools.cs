using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql;

/// <summary>One installation of PostgreSQL's client programs.</summary>
/// <param name="MajorVersion">Such as 15.</param>
/// <param name="Folder">Where they are.</param>
public sealed record PostgreSqlTools(int MajorVersion, string Folder)
{
    public string Dump => Path.Combine(Folder, "pg_dump");

    public string DumpAll => Path.Combine(Folder, "pg_dumpall");

    public string Restore => Path.Combine(Folder, "pg_restore");

    public string Query => Path.Combine(Folder, "psql");
}

/// <summary>
/// Finds the client programs that fit a server. Several versions stand side by side on Debian (<c>/usr/lib/postgresql/N/bin</c>) and on Red
/// Hat (<c>/usr/pgsql-N/bin</c>); anywhere else PATH is looked through.
/// </summary>
public sealed partial class PostgreSqlToolLocator
{
    private readonly Lazy<IReadOnlyList<PostgreSqlTools>> installed;

    /// <param name="folders">Where to look instead.</param>
    public PostgreSqlToolLocator(IReadOnlyList<string>? folders = null) =>
        installed = new(() => [.. FindInstalled(folders ?? [.. FindVersionFolders(), .. FindPath()])]);

    /// <param name="known">Installations that need not be looked for.</param>
    public PostgreSqlToolLocator(IEnumerable<PostgreSqlTools> known) =>
        installed = new(() => [.. known.OrderBy(tools => tools.MajorVersion)]);

    /// <summary>Every installation, the lowest version first.</summary>
    public IReadOnlyList<PostgreSqlTools> Installed => installed.Value;

    /// <summary>
    /// The newest, which talks to every server that is asked only for its version. Fails with <see cref="SourceError.ToolMissing"/>.
    /// </summary>
    public PostgreSqlTools Newest => Installed.Count > 0 ? Installed[^1] : throw new SourceException(
        SourceError.ToolMissing,
        "PostgreSQL's client programs (pg_dump, pg_dumpall, psql) are not installed. On Debian they are in the package postgresql-client.");

    /// <summary>
    /// The lowest version that is not below the server's: pg_dump refuses newer servers, and a dump by a much newer pg_dump may use SQL
    /// that
    /// the old server does not know. Fails with <see cref="SourceError.ToolMissing"/>.
    /// </summary>
    public PostgreSqlTools FindFor(int serverMajorVersion) =>
        Installed.FirstOrDefault(tools => tools.MajorVersion >= serverMajorVersion) ?? throw new SourceException(
            SourceError.ToolMissing,
            $"The server is PostgreSQL {serverMajorVersion}, and the newest pg_dump on this machine is {Newest.MajorVersion}, which cannot "
            + $"dump it. Install the package postgresql-client-{serverMajorVersion}.");

    private static IEnumerable<PostgreSqlTools> FindInstalled(IReadOnlyList<string> folders) => folders
        .Where(IsComplete)
        .Select(folder => new PostgreSqlTools(ReadVersion(folder), folder))
        .Where(tools => tools.MajorVersion > 0)
        .OrderBy(tools => tools.MajorVersion);

    private static bool IsComplete(string folder) =>
        ((string[])["pg_dump", "pg_dumpall", "psql"]).All(name => ProgramPath.Find(Path.Combine(folder, name)) is not null);

    private static IEnumerable<string> FindVersionFolders() =>
        FindFolders("/usr/lib/postgresql", "*").Concat(FindFolders("/usr", "pgsql-*")).Select(folder => Path.Combine(folder, "bin"));

    private static string[] FindFolders(string parent, string pattern) =>
        Directory.Exists(parent) ? Directory.GetDirectories(parent, pattern) : [];

    // Debian's own /usr/bin/pg_dump is a script that chooses by the local clusters; its real ones were found before.
    private static IEnumerable<string> FindPath() => ProgramPath.Find("pg_dump") is { } path
        && new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.Name != "pg_wrapper"
        ? [Path.GetDirectoryName(path)!]
        : [];

    /// <summary>By the folder's name where it has the number; otherwise pg_dump is asked, which takes milliseconds.</summary>
    private static int ReadVersion(string folder)
    {
        if (VersionFolder().Match(folder) is { Success: true } match)
        {
            return int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        }
        var start = new ProcessStartInfo(Path.Combine(folder, "pg_dump"), "--version")
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return VersionText().Match(text) is { Success: true } found
            ? int.Parse(found.Groups["number"].Value, CultureInfo.InvariantCulture)
            : 0;
    }

    [GeneratedRegex(@"/(postgresql/|pgsql-)(?<number>\d+)/bin$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VersionFolder();

    [GeneratedRegex(@"\(PostgreSQL\) (?<number>\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VersionText();
}
