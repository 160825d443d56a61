using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Larder.Testing.Servers;

/// <summary>
/// A real MariaDB server of the tests' own: data in a temporary folder, a free port on 127.0.0.1, the account <c>root</c> without a
/// password. The machine's own server, if there is one, is not touched.
/// </summary>
public sealed class MariaDbServer : IAsyncDisposable
{
    private const int StartsMax = 5;

    private readonly TemporaryFolder folder;
    private readonly Process process;
    private readonly Task log;

    private MariaDbServer(TemporaryFolder folder, Process process, int port, Task log)
    {
        this.folder = folder;
        this.process = process;
        Port = port;
        this.log = log;
    }

    public int Port { get; }

    public string Socket => SocketOf(folder);

    /// <summary>The server's process id.</summary>
    public int Id => process.Id;

    /// <param name="arguments">Options of <c>mariadbd</c> besides those that keep it apart from the machine's own.</param>
    public static async Task<MariaDbServer> StartAsync(
        IReadOnlyList<string>? arguments = null, CancellationToken cancellationToken = default)
    {
        var folder = new TemporaryFolder();
        try
        {
            // As root the server runs as the account that its package made, which must be able to reach its data.
            File.SetUnixFileMode(folder.FullPath, (UnixFileMode)0b111_101_101);
            string[] user = Environment.IsPrivilegedProcess ? ["--user=mysql"] : [];
            var install = new ChildCommand(
                Find("mariadb-install-db"),
                ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", $"--datadir={folder["data"]}", .. user]);
            (await ChildProcess.RunAsync(install, cancellationToken)).Expect();
            return await StartAsync(folder, [.. user, .. arguments ?? []], cancellationToken);
        }
        catch
        {
            await folder.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs statements as root and returns what they select, columns parted by tabs.</summary>
    public async Task<string> ExecuteAsync(string sql, string database = "", CancellationToken cancellationToken = default)
    {
        var command = Client(database) with
        {
            StandardInput = async (input, token) => await input.WriteAsync(System.Text.Encoding.UTF8.GetBytes(sql), token),
        };
        return (await ChildProcess.RunAsync(command, cancellationToken)).Expect().Output.TrimEnd('\n');
    }

    /// <summary>The stock client as root.</summary>
    public ChildCommand Client(string database = "") => new(
        Find("mariadb"),
        [
            "--no-defaults", $"--socket={Socket}", "--user=root", "--default-character-set=utf8mb4", "--batch", "--skip-column-names",
            database,
        ]);

    /// <summary>The stock dump program as root.</summary>
    public ChildCommand Dump(params IReadOnlyList<string> arguments) => new(
        Find("mariadb-dump"), ["--no-defaults", $"--socket={Socket}", "--user=root", "--default-character-set=utf8mb4", .. arguments]);

    /// <summary>SIGKILL: what a power cut would do.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Its data are thrown away, so it need not end in order.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await log;
        process.Dispose();
        await folder.DisposeAsync();
    }

    private static async Task<MariaDbServer> StartAsync(
        TemporaryFolder folder, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        for (var start = 1; ; start++)
        {
            var port = FindFreePort();
            var process = Process.Start(new ProcessStartInfo(
                Find("mariadbd"),
                [
                    "--no-defaults", $"--datadir={folder["data"]}", $"--socket={SocketOf(folder)}", $"--port={port}",
                    "--bind-address=127.0.0.1", $"--pid-file={folder.Combine("data", "pid")}", "--skip-log-bin",
                    "--innodb-flush-log-at-trx-commit=2", "--max-allowed-packet=64M", .. arguments,
                ])
            { RedirectStandardError = true, UseShellExecute = false })!;
            var said = new List<string>();
            while (await process.StandardError.ReadLineAsync(cancellationToken) is { } line)
            {
                said.Add(line);
                if (line.Contains("ready for connections", StringComparison.Ordinal))
                {
                    // Its log is read to the end, so that it never waits for a full pipe.
                    return new MariaDbServer(folder, process, port, process.StandardError.ReadToEndAsync(CancellationToken.None));
                }
            }
            await process.WaitForExitAsync(cancellationToken);
            process.Dispose();
            // Somebody else may have taken the free port in the meantime.
            if (start == StartsMax)
            {
                throw new TestFailedException($"mariadbd does not start:\n{string.Join('\n', said)}");
            }
        }
    }

    private static string SocketOf(TemporaryFolder folder) => folder.Combine("data", "s");

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The server's program lies where only root's PATH looks.</summary>
    private static string Find(string program) =>
        new[] { "/usr/sbin", "/usr/bin", "/usr/local/bin" }.Select(path => Path.Combine(path, program)).FirstOrDefault(File.Exists)
        ?? throw new TestFailedException($"{program} is not installed; eng/install test installs it.");
}
