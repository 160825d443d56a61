using System.Globalization;
using Larder.Sources.PostgreSql;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>
/// Makes a PostgreSQL cluster by <c>initdb</c> and starts it. It listens on a Unix socket in a folder that only its own account may enter,
/// so it needs no passwords; it writes nothing durably, for nobody will ask for it after a power cut.
/// </summary>
internal static class PostgreSqlThrowaway
{
    public const string User = "postgres";

    // The socket's file name: the port is only a number in it.
    private const int Port = 5432;
    private const int SocketPathBytesMax = 107; // Of sockaddr_un, without the zero at its end.

    public static async Task<BegunServer> StartAsync(
        ThrowawayRequest request, ThrowawayFolder folder, TimeProvider clock, CancellationToken cancellationToken)
    {
        var programs = FindPrograms(request);
        var account = ServerAccount.Find(User, "nobody");
        folder.GiveTo(account);
        CheckSocketPath(folder);
        string[] make =
        [
            Path.Combine(programs, "initdb"), $"--pgdata={folder["data"]}", $"--username={User}", "--auth=trust", "--encoding=UTF8",
            "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        ];
        string[] settings =
        [
            "listen_addresses=", $"unix_socket_directories={folder.FullPath}", "unix_socket_permissions=0700",
            string.Create(CultureInfo.InvariantCulture, $"port={Port}"), "fsync=off", "full_page_writes=off", "synchronous_commit=off",
            "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB", "autovacuum=off", "logging_collector=off",
            "dynamic_shared_memory_type=mmap", // In the folder, so that nothing of it can stay in /dev/shm.
            "max_locks_per_transaction=256", // Large objects and partitions take one each.
        ];
        string[] serve =
        [
            Path.Combine(programs, "postgres"), "-D", folder["data"], .. settings.SelectMany(setting => new[] { "-c", setting }),
        ];
        var command = KeptEngine.Exec(ServerAccount.Command(account, make), ServerAccount.Command(account, serve));
        var kept = await KeptEngine.StartAsync(folder, command, "QUIT", "The throwaway PostgreSQL server", clock, cancellationToken);
        var url = string.Create(
            CultureInfo.InvariantCulture,
            $"postgresql://{User}@/postgres?host={Uri.EscapeDataString(folder.FullPath)}&port={Port}&sslmode=disable");
        return new BegunServer(kept, new PostgreSqlDrill(url, clock), account);
    }

    /// <summary>The lowest version that is not below the dumped server's, which is most like it.</summary>
    public static string FindPrograms(ThrowawayRequest request)
    {
        var wanted = MajorOf(request.DumpedVersion);
        if (request.ProgramFolder is { } named)
        {
            return IsServer(named) ? named : throw new SourceException(
                SourceError.ToolMissing,
                $"The configuration says that PostgreSQL's server is in {named}, which has no initdb and postgres; correct the job's "
                + "drill.programs.");
        }
        var installed = new PostgreSqlToolLocator().Installed.Where(tools => IsServer(tools.Folder)).ToList();
        if (installed.FirstOrDefault(tools => tools.MajorVersion >= wanted) is { } tools)
        {
            return tools.Folder;
        }
        var number = wanted == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"-{wanted}");
        var have = installed.Count == 0 ? "no PostgreSQL server is installed on this machine"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"the newest on this machine is {installed[^1].MajorVersion}, and an older server does not take the dump of a newer one");
        var version = wanted == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" of version {wanted} or newer");
        throw new SourceException(
            SourceError.ToolMissing,
            $"A drill needs PostgreSQL's initdb and postgres{version}: {have}. Install the package postgresql{number}, or name a scratch "
            + "server in the job's drill.servers.");
    }

    private static bool IsServer(string folder) =>
        ProgramPath.Find(Path.Combine(folder, "initdb")) is not null && ProgramPath.Find(Path.Combine(folder, "postgres")) is not null;

    /// <returns>0 where the text begins with no number.</returns>
    private static int MajorOf(string? version)
    {
        var digits = new string([.. (version ?? "").SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit)]);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0;
    }

    private static void CheckSocketPath(ThrowawayFolder folder)
    {
        var path = folder[string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{Port}")];
        if (System.Text.Encoding.UTF8.GetByteCount(path) > SocketPathBytesMax)
        {
            throw new SourceException(
                SourceError.TargetFailed,
                $"The drill's folder {folder.FullPath} has too long a name for a Unix socket, whose path has at most {SocketPathBytesMax} "
                + "bytes; name a shorter one in the job's drill.folder.");
        }
    }
}
