using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Larder.Testing.Servers;

/// <summary>
/// A real mongod with data of its own in a temporary folder, on 127.0.0.1 and a free port.
/// </summary>
public sealed class MongoServer : IAsyncDisposable
{
    private const string ReplicaSetName = "rs0";
    private const string OwnerName = "owner";
    private const string OwnerPassword = "the owner's password";

    private readonly TemporaryFolder folder = new();
    private readonly MongoServerOptions options;
    private MongoProcess? running;

    private MongoServer(MongoServerOptions options)
    {
        this.options = options;
        folder.Make("data");
    }

    /// <summary>Why no server can be started on this machine; null where one can.</summary>
    public static string? MissingReason { get; } = RuntimeInformation.OSArchitecture != Architecture.X64
        ? $"There is no MongoDB server for {RuntimeInformation.OSArchitecture} among the test components."
        : !File.Exists(Program) || !File.Exists("/usr/bin/wine")
            ? "The MongoDB server is not installed: run eng/install test."
            : null;

    public int Port { get; private set; }

    /// <summary>The connection string of somebody who may do everything.</summary>
    public string Url => UrlFor(OwnerName, OwnerPassword);

    internal static string Program => RepositoryRoot.Combine("artifacts", "tools", "mongodb", "mongod.exe");

    /// <summary>The connection string of somebody else; without accounts the name is left out.</summary>
    public string UrlFor(string user, string password)
    {
        var account = options.WithAccounts ? $"{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@" : "";
        var set = options.ReplicaSet ? $"?replicaSet={ReplicaSetName}" : "";
        return $"mongodb://{account}127.0.0.1:{Port}/{set}";
    }

    public static Task<MongoServer> StartReplicaSetAsync(bool withAccounts = false, CancellationToken cancellationToken = default) =>
        StartAsync(new MongoServerOptions { WithAccounts = withAccounts }, cancellationToken);

    public static Task<MongoServer> StartStandaloneAsync(bool withAccounts = false, CancellationToken cancellationToken = default) =>
        StartAsync(new MongoServerOptions { ReplicaSet = false, WithAccounts = withAccounts }, cancellationToken);

    /// <summary>Returns when the server takes writes.</summary>
    public static async Task<MongoServer> StartAsync(MongoServerOptions options, CancellationToken cancellationToken = default)
    {
        var server = new MongoServer(options);
        try
        {
            await server.StartFirstAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it as a power cut would, and returns when it is gone. <see cref="StartAgainAsync"/> finds its data.</summary>
    public async Task KillAsync()
    {
        if (running is not null)
        {
            await running.DisposeAsync();
            running = null;
        }
    }

    /// <summary>Starts a killed server on its data and the same port. Returns when it takes writes.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        await KillAsync();
        running = await MongoProcess.StartAsync(Arguments(), cancellationToken);
        await running.WaitForAsync(options.ReplicaSet ? MongoProcess.BecamePrimary : MongoProcess.WaitingForConnections, cancellationToken);
    }

    /// <summary>Ends it and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await folder.DisposeAsync();
    }

    private async Task StartFirstAsync(CancellationToken cancellationToken)
    {
        if (options.WithAccounts)
        {
            // The members of a replica set know each other by this file, and it makes the server ask for accounts.
            await File.WriteAllTextAsync(folder["key"], "YSBrZXkgdGhhdCBub2JvZHkgZWxzZSBuZWVkcw==", cancellationToken);
        }
        Port = FindFreePort();
        running = await MongoProcess.StartAsync(Arguments(), cancellationToken);
        await running.WaitForAsync(MongoProcess.WaitingForConnections, cancellationToken);

        if (options.ReplicaSet)
        {
            MongoWire.Document member = new() { { "_id", 0 }, { "host", $"127.0.0.1:{Port}" } };
            MongoWire.Document set = new() { { "_id", ReplicaSetName }, { "members", new[] { member } } };
            await MongoWire.RunAsync(Port, new() { { "replSetInitiate", set }, { "$db", "admin" } }, cancellationToken);
            await running.WaitForAsync(MongoProcess.BecamePrimary, cancellationToken);
        }
        if (options.WithAccounts)
        {
            MongoWire.Document role = new() { { "role", "root" }, { "db", "admin" } };
            MongoWire.Document user = new()
            {
                { "createUser", OwnerName }, { "pwd", OwnerPassword }, { "roles", new[] { role } }, { "$db", "admin" },
            };
            await MongoWire.RunAsync(Port, user, cancellationToken);
        }
    }

    private List<string> Arguments()
    {
        List<string> arguments =
        [
            Program,
            "--dbpath", WinePrefix.Translate(folder["data"]),
            "--bind_ip", "127.0.0.1",
            "--port", $"{Port}",
            "--wiredTigerCacheSizeGB", "0.5", // A few servers at once on a small machine.
            "--journalCommitInterval", "1", // Milliseconds that a write waits which asks to be on disk; 100 by itself.
            "--setParameter", "diagnosticDataCollectionEnabled=false", // Writes all the time, for nobody to read.
        ];
        if (options.ReplicaSet)
        {
            arguments.AddRange(["--replSet", ReplicaSetName]);
        }
        if (options.WithAccounts)
        {
            arguments.AddRange(options.ReplicaSet ? ["--keyFile", WinePrefix.Translate(folder["key"])] : ["--auth"]);
        }
        arguments.AddRange(options.Arguments);
        return arguments;
    }

    // Another program may take it in the meantime; then the server ends at once, saying so.
    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
