using System.Diagnostics;
using Larder.Testing.Servers;

namespace Larder.Bench;

/// <summary>Runs a command beside a real, empty database server, and stops the server when the command has ended.</summary>
internal static class WithServer
{
    /// <returns>The command's exit status.</returns>
    public static async Task<int> RunAsync(string engine, string[] command)
    {
        switch (engine)
        {
            case "postgresql":
                // As a server is set up that holds data worth a backup; not so durable, which costs all contestants the same.
                await using (var server = await PostgresServer.StartAsync(default, "shared_buffers=1GB", "max_wal_size=8GB"))
                {
                    return await RunAsync(command, new()
                    {
                        ["PGHOST"] = PostgresServer.Host,
                        ["PGPORT"] = $"{server.Port}",
                        ["PGUSER"] = PostgresServer.User,
                        ["PGPASSWORD"] = PostgresServer.Password,
                        ["SERVER_URL"] = server.Url("app"),
                        ["OTHER_URL"] = server.Url("restored"),
                    });
                }

            case "mongodb":
                await using (var server = await MongoServer.StartReplicaSetAsync())
                {
                    return await RunAsync(command, new()
                    {
                        ["SERVER_URL"] = server.Url,
                        ["MONGODUMP"] = MongoTools.MongoDump,
                        ["MONGORESTORE"] = MongoTools.MongoRestore,
                    });
                }

            case "mysql":
                await using (var server = await MariaDbServer.StartAsync(
                    ["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=1G", "--local-infile=1"]))
                {
                    return await RunAsync(command, new()
                    {
                        ["SERVER_PORT"] = $"{server.Port}",
                        ["SERVER_URL"] = $"mysql://root@127.0.0.1:{server.Port}/app",
                    });
                }

            default:
                await Console.Error.WriteLineAsync($"There is no server \"{engine}\": postgresql, mongodb or mysql.");
                return 2;
        }
    }

    private static async Task<int> RunAsync(string[] command, Dictionary<string, string> variables)
    {
        var start = new ProcessStartInfo(command[0], command[1..]);
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
