using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Larder.Testing.Servers;

/// <summary>
/// A PostgreSQL cluster of one's own: data and socket in a temporary folder, a free port of 127.0.0.1, passwords by SCRAM. Several can run
/// side by side. It survives no power cut (<c>fsync=off</c>), which no test asks for.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    public const string Host = "127.0.0.1";
    public const string User = "postgres";

    /// <summary>Has what URLs and password files must quote.</summary>
    public const string Password = "se:cr@t/ p\\w%1";

    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder folder = new();
    private readonly List<string> log = [];
    private Process? process;

    private PostgresServer()
    {
    }

    /// <summary>Where initdb, pg_dump and their like are; null where no server is installed.</summary>
    public static string? ProgramFolder { get; } = FindProgramFolder();

    public int Port { get; private set; }

    public string SocketFolder => folder["socket"];

    public string DataFolder => folder["data"];

    /// <summary>What the server said so far.</summary>
    public string Log
    {
        get
        {
            lock (log)
            {
                return string.Join('\n', log);
            }
        }
    }

    /// <summary>Makes a cluster and starts it; it takes connections when this returns.</summary>
    /// <param name="settings">Further settings, <c>name=value</c>.</param>
    public static async Task<PostgresServer> StartAsync(CancellationToken cancellationToken, params string[] settings)
    {
        var server = new PostgresServer();
        try
        {
            await server.InitializeAsync(cancellationToken);
            await server.LaunchAsync(settings, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>For Npgsql.</summary>
    public string ConnectionString(string database = "postgres", string user = User, string password = Password) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = Host,
            Port = Port,
            Username = user,
            Password = password,
            Database = database,
            Pooling = false,
            IncludeErrorDetail = true,
        }.ConnectionString;

    /// <summary>As users write it in a configuration.</summary>
    public string Url(string database = "postgres", string user = User, string password = Password) => string.Create(
        CultureInfo.InvariantCulture,
        $"postgresql://{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@{Host}:{Port}/{Uri.EscapeDataString(database)}");

    public async Task<NpgsqlConnection> ConnectAsync(string database, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(ConnectionString(database));
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    /// <summary>Runs statements, several parted by semicolons, in one transaction unless they are their own.</summary>
    public async Task ExecuteAsync(string database, string sql, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(database, cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The first column of the first row.</summary>
    public async Task<object?> ScalarAsync(string database, string sql, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(database, cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>An empty database. The name may hold anything.</summary>
    public Task CreateDatabaseAsync(string name, CancellationToken cancellationToken, string options = "") =>
        ExecuteAsync("postgres", $"CREATE DATABASE {Quote(name)} {options}", cancellationToken);

    public Task DropDatabaseAsync(string name, CancellationToken cancellationToken) =>
        ExecuteAsync("postgres", $"DROP DATABASE IF EXISTS {Quote(name)} WITH (FORCE)", cancellationToken);

    public static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>One of PostgreSQL's programs, told of this server by environment.</summary>
    public ChildCommand Tool(string name, params IReadOnlyList<string> arguments) =>
        new(Path.Combine(ProgramFolder!, name), arguments)
        {
            Environment = new Dictionary<string, string?>
            {
                ["PGHOST"] = Host,
                ["PGPORT"] = Port.ToString(CultureInfo.InvariantCulture),
                ["PGUSER"] = User,
                ["PGPASSWORD"] = Password,
            },
        };

    /// <summary>Ends it as a crash would, and returns when it is gone.</summary>
    public async Task CrashAsync() => await EndAsync("QUIT");

    /// <summary>Starts it again after <see cref="CrashAsync"/>, with its data and on the same port.</summary>
    public Task StartAgainAsync(CancellationToken cancellationToken) => LaunchAsync([], cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await EndAsync("QUIT");
        await folder.DisposeAsync();
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        if (ProgramFolder is null)
        {
            throw new FileNotFoundException("PostgreSQL is not installed: run eng/install test.");
        }
        var passwordFile = folder["password"];
        await File.WriteAllTextAsync(passwordFile, Password, cancellationToken);
        folder.Make("socket");
        if (Environment.UserName == "root")
        {
            (await ChildProcess.RunAsync(new("chown", "-R", $"{User}:", folder.FullPath), cancellationToken)).Expect();
        }
        var (program, arguments) = AsServerUser(
            "initdb", "-D", DataFolder, "-U", User, "-A", "scram-sha-256", "--pwfile", passwordFile, "--encoding", "UTF8", "--locale",
            "C.UTF-8", "--no-sync", "--no-instructions");
        (await ChildProcess.RunAsync(new(program, arguments) { WorkingFolder = "/" }, cancellationToken)).Expect();
    }

    private async Task LaunchAsync(string[] settings, CancellationToken cancellationToken)
    {
        Port = Port == 0 ? FindFreePort() : Port;
        string[] all =
        [
            "fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=" + Host,
            "unix_socket_directories=" + SocketFolder, "port=" + Port.ToString(CultureInfo.InvariantCulture),
            "lc_messages=C", "max_wal_size=4GB", "logging_collector=off", .. settings,
        ];
        var (program, arguments) = AsServerUser("postgres", ["-D", DataFolder, .. all.SelectMany(setting => new[] { "-c", setting })]);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process = new Process
        {
            StartInfo = new(program, arguments)
            {
                RedirectStandardError = true,
                RedirectStandardInput = true,
                UseShellExecute = false,
                WorkingDirectory = "/",
            },
            EnableRaisingEvents = true,
        };
        process.ErrorDataReceived += (_, line) =>
        {
            lock (log)
            {
                log.Add(line.Data ?? "");
            }
            if (line.Data?.Contains("database system is ready to accept connections", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        };
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"PostgreSQL did not start:\n{Log}"));
        process.Start();
        process.StandardInput.Close();
        process.BeginErrorReadLine();
        await ready.Task.WaitAsync(StartBound, TimeProvider.System, cancellationToken);
    }

    private async Task EndAsync(string signal)
    {
        if (process is null)
        {
            return;
        }
        if (!process.HasExited)
        {
            // setpriv became the server, so this is the server's own process id.
            await ChildProcess.RunAsync(new("kill", "-" + signal, process.Id.ToString(CultureInfo.InvariantCulture)));
            await process.WaitForExitAsync();
        }
        process.Dispose();
        process = null;
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static (string Program, string[] Arguments) AsServerUser(string program, params string[] arguments)
    {
        var path = Path.Combine(ProgramFolder!, program);
        return Environment.UserName == "root"
            ? ("setpriv", ["--reuid", User, "--regid", User, "--init-groups", "--", path, .. arguments])
            : (path, arguments);
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string? FindProgramFolder() => !Directory.Exists("/usr/lib/postgresql")
        ? null
        : Directory.EnumerateDirectories("/usr/lib/postgresql")
            .Select(path => Path.Combine(path, "bin"))
            .Where(path => File.Exists(Path.Combine(path, "initdb")))
            .Order(StringComparer.Ordinal)
            .LastOrDefault();
}
