using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>
/// Makes the data of a MariaDB or MySQL server and starts it. It listens on a Unix socket in a folder that only its own account may enter
/// and on nothing else, so root needs no password there.
/// </summary>
internal static class MySqlThrowaway
{
    // The servers' programs lie where only root's PATH looks.
    private static readonly string[] Folders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/libexec", "/usr/bin"];

    public static async Task<BegunServer> StartAsync(
        ThrowawayRequest request, ThrowawayFolder folder, TimeProvider clock, CancellationToken cancellationToken)
    {
        var isMariaDb = IsMariaDb(request);
        var account = ServerAccount.Find("mysql", "nobody");
        folder.GiveTo(account);
        var data = $"--datadir={folder["data"]}";
        var server = Find(request, isMariaDb ? "mariadbd" : "mysqld", isMariaDb);
        string[] make = isMariaDb
            ?
            [
                Find(request, "mariadb-install-db", isMariaDb), "--no-defaults", data, "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ]
            : [server, "--no-defaults", data, "--initialize-insecure"];
        string[] serve =
        [
            server, "--no-defaults", data, $"--socket={folder["socket"]}", $"--pid-file={folder["pid"]}", $"--tmpdir={folder.FullPath}",
            "--skip-networking", "--skip-log-bin", "--event-scheduler=OFF", // The dump's events must not run here; they can still be made.
            "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--max-allowed-packet=1G", "--local-infile=0",
            .. isMariaDb ? Array.Empty<string>() : ["--mysqlx=OFF"],
        ];
        var command = KeptEngine.Exec(ServerAccount.Command(account, make), ServerAccount.Command(account, serve));
        var name = isMariaDb ? "The throwaway MariaDB server" : "The throwaway MySQL server";
        var kept = await KeptEngine.StartAsync(folder, command, "KILL", name, clock, cancellationToken);
        return new BegunServer(
            kept, new MySqlDrill($"mysql://root@localhost/?socket={Uri.EscapeDataString(folder["socket"])}", clock), account);
    }

    public static string FindPrograms(ThrowawayRequest request)
    {
        if (!IsMariaDb(request))
        {
            return Find(request, "mysqld", isMariaDb: false);
        }
        Find(request, "mariadb-install-db", isMariaDb: true);
        return Find(request, "mariadbd", isMariaDb: true);
    }

    private static bool IsMariaDb(ThrowawayRequest request) =>
        request.DumpedVersion is not { } version || version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);

    private static string Find(ThrowawayRequest request, string program, bool isMariaDb)
    {
        if (request.ProgramFolder is { } named)
        {
            return ProgramPath.Find(Path.Combine(named, program)) ?? throw new SourceException(
                SourceError.ToolMissing,
                $"The configuration says that the server's programs are in {named}, which has no {program}; correct the job's "
                + "drill.programs.");
        }
        return ProgramPath.Find(program)
            ?? Folders.Select(path => ProgramPath.Find(Path.Combine(path, program))).FirstOrDefault(path => path is not null)
            ?? throw new SourceException(
                SourceError.ToolMissing,
                $"A drill needs the program {program}, which is not installed. Install the package "
                + $"{(isMariaDb ? "mariadb-server" : "mysql-server")}, or name a scratch server in the job's drill.servers.");
    }
}
