using System.Text.RegularExpressions;
using Larder.Sources.Tools;

namespace Larder.Sources.MySql;

/// <summary>The client and the dump program that fit a server, and what they can do.</summary>
internal sealed partial record MySqlTools
{
    public required string Client { get; init; }

    public required bool ClientIsMariaDb { get; init; }

    /// <summary>Whether the client can be forbidden to run commands that stand in what it reads.</summary>
    public required bool ClientHasSandbox { get; init; }

    public required string Dump { get; init; }

    public required string DumpVersion { get; init; }

    public required bool DumpIsMariaDb { get; init; }

    /// <summary>The dump program's own list of options, since versions and forks differ.</summary>
    public required string DumpHelp { get; init; }

    public bool DumpHas(string option) => DumpHelp.Contains($"--{option}", StringComparison.Ordinal);

    /// <param name="server">Says where the tools are, and is named in messages.</param>
    /// <param name="serverIsMariaDb">Whose tools are preferred.</param>
    public static async Task<MySqlTools> FindAsync(
        MySqlServer server, bool serverIsMariaDb, TimeProvider clock, CancellationToken cancellationToken)
    {
        var client = FindClient(server);
        var dump = await FindDumpAsync();
        var help = await RunAsync(dump.Path, "--help");
        return new MySqlTools
        {
            Client = client,
            ClientIsMariaDb = IsMariaDb(await RunAsync(client, "--version")),
            ClientHasSandbox = (await RunAsync(client, "--help")).Contains("--sandbox", StringComparison.Ordinal),
            Dump = dump.Path,
            DumpVersion = ShowVersion(dump.Version),
            DumpIsMariaDb = IsMariaDb(dump.Version),
            DumpHelp = help,
        };

        async Task<(string Path, string Version)> FindDumpAsync()
        {
            (string Path, string Version)? other = null;
            foreach (var name in new[] { "mariadb-dump", "mysqldump" })
            {
                if (Locate(server, name) is { } path)
                {
                    var version = await RunAsync(path, "--version");
                    if (IsMariaDb(version) == serverIsMariaDb)
                    {
                        return (path, version);
                    }
                    other ??= (path, version);
                }
            }
            return other ?? throw Missing("mariadb-dump or mysqldump");
        }

        Task<string> RunAsync(string program, string argument) => MySqlClient.ReadOutputAsync(
            new ToolStart { Program = program, Arguments = ["--no-defaults", argument], ShownName = Path.GetFileName(program) },
            clock,
            cancellationToken);
    }

    /// <summary>Any client can ask a server what it is.</summary>
    public static string FindClient(MySqlServer server) =>
        Locate(server, "mariadb") ?? Locate(server, "mysql") ?? throw Missing("mariadb or mysql");

    public static bool IsMariaDb(string version) => version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);

    private static string? Locate(MySqlServer server, string name) =>
        ProgramPath.Find(server.ToolFolder is { } folder ? Path.Combine(folder, name) : name);

    private static SourceException Missing(string programs) => new(
        SourceError.ToolMissing,
        $"The program {programs} is not installed; the package mariadb-client or mysql-client holds it.");

    private static string ShowVersion(string line)
    {
        var match = Version().Match(line);
        return match.Success ? match.Groups["version"].Value : line.Trim();
    }

    [GeneratedRegex(
        @"(Distrib|from|Ver) (?<version>\d+\.\d+\.\d+[-\w+.]*)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Version();
}
