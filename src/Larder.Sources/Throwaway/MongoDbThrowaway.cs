using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Larder.Sources.Dumps;
using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Restore;
using Larder.Sources.Tools;

namespace Larder.Sources.Throwaway;

/// <summary>
/// Starts a mongod on a free port of 127.0.0.1. Everybody on the machine can connect there, so it asks for an account, whose password only
/// this process knows; until that account is made, there is nothing to be seen.
/// </summary>
internal static class MongoDbThrowaway
{
    private const string User = "larder_drill";
    private const string ReplicaSet = "larder_drill";

    public static async Task<BegunServer> StartAsync(
        ThrowawayRequest request, IStoredDump dump, ThrowawayFolder folder, TimeProvider clock, CancellationToken cancellationToken)
    {
        var program = Find(request);
        var account = ServerAccount.Find("mongodb", "mongod");
        folder.GiveTo(account);
        folder.Make("data", account);

        // Some options of collections are refused by a server that stands alone.
        var isSet = (await DumpLayout.ReadAsync(dump, cancellationToken)).Collections
            .Any(collection => Bson.Find(collection.Options.Span, "changeStreamPreAndPostImages").IsPresent);
        // Another program may take the port in the meantime; then the server ends at once, saying so.
        var port = FindFreePort();
        var kept = await LaunchAsync(program, folder, account, port, isSet, clock, cancellationToken);
        return new BegunServer(kept, await SecureAsync(kept, port, isSet, cancellationToken), account);
    }

    private static async Task<KeptEngine> LaunchAsync(
        string program,
        ThrowawayFolder folder,
        ServerAccount? account,
        int port,
        bool isSet,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            "--dbpath", folder["data"], "--bind_ip", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture),
            "--unixSocketPrefix", folder.FullPath, "--wiredTigerCacheSizeGB", "0.5",
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            "--setParameter", "ttlMonitorEnabled=false", // Documents that are old already must still be there to be compared.
        ];
        if (isSet)
        {
            var key = folder["key"];
            await File.WriteAllTextAsync(key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(48)), cancellationToken);
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            folder.GiveFileTo(account, "key");
            arguments.AddRange(["--replSet", ReplicaSet, "--keyFile", key]); // A key makes the server ask for accounts too.
        }
        else
        {
            arguments.Add("--auth");
        }
        var command = KeptEngine.Exec(ServerAccount.Command(account, [program, .. arguments]));
        return await KeptEngine.StartAsync(folder, command, "TERM", "The throwaway MongoDB server", clock, cancellationToken);
    }

    /// <summary>Makes the one account, as MongoDB lets whoever connects from the same machine do once.</summary>
    private static async Task<MongoDbDrill> SecureAsync(KeptEngine kept, int port, bool isSet, CancellationToken cancellationToken)
    {
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));
        var place = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        using (var open = RestoreTarget.Open($"mongodb://{place}/?directConnection=true&serverSelectionTimeoutMS=2000"))
        {
            await kept.WaitForAsync(token => AskAsync(open, writer => writer.Int32("ping", 1), token), cancellationToken);
            if (isSet)
            {
                await AskAsync(open, writer => WriteInitiation(writer, place), cancellationToken);
            }
            await kept.WaitForAsync(token => AskAsync(open, writer => WriteAccount(writer, password), token), cancellationToken);
        }
        return new MongoDbDrill($"mongodb://{User}:{password}@{place}/?authSource=admin&directConnection=true");
    }

    private static async Task<byte[]> AskAsync(RestoreTarget open, Action<BsonWriter> write, CancellationToken cancellationToken)
    {
        await using var connection = await open.ConnectAsync(cancellationToken);
        return await connection.RunAsync("admin", write, "cannot be prepared for the drill", cancellationToken);
    }

    private static void WriteInitiation(BsonWriter writer, string place)
    {
        writer.StartDocument("replSetInitiate");
        writer.String("_id", ReplicaSet);
        writer.StartArray("members");
        writer.StartDocument();
        writer.Int32("_id", 0);
        writer.String("host", place);
        writer.End();
        writer.End();
        writer.End();
    }

    private static void WriteAccount(BsonWriter writer, string password)
    {
        writer.String("createUser", User);
        writer.String("pwd", password);
        writer.StartArray("roles");
        writer.StartDocument();
        writer.String("role", "root");
        writer.String("db", "admin");
        writer.End();
        writer.End();
    }

    public static string Find(ThrowawayRequest request)
    {
        if (request.ProgramFolder is { } named)
        {
            return ProgramPath.Find(Path.Combine(named, "mongod")) ?? throw new SourceException(
                SourceError.ToolMissing,
                $"The configuration says that MongoDB's server is in {named}, which has no mongod; correct the job's drill.programs.");
        }
        return ProgramPath.Find("mongod") ?? throw new SourceException(
            SourceError.ToolMissing,
            "A drill needs the program mongod, which is not installed or not in PATH. Install the package mongodb-org-server of MongoDB's "
            + "own packages, name its folder in the job's drill.programs, or name a scratch server in drill.servers.");
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
