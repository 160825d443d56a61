using Larder.Sources.Dumps;
using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Restore;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>One test's databases on a shared server, and a folder for its dump.</summary>
internal sealed class RestoreCase : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();

    private RestoreCase(MongoServer server, TestClient client)
    {
        Server = server;
        Client = client;
    }

    public MongoServer Server { get; }

    public TestClient Client { get; private set; }

    public string Folder => folder.FullPath;

    public FolderDump Dump => new(Folder);

    public static async Task<RestoreCase> OpenAsync(MongoServer server) => new(server, await TestClient.ConnectAsync(server));

    public async Task ReconnectAsync()
    {
        await Client.DisposeAsync();
        Client = await TestClient.ConnectAsync(Server);
    }

    public Task<string> RunAsync(string database, string command) => Client.RunAsync(database, command);

    public Task DropAsync(string database) => RunAsync(database, """{"dropDatabase": 1}""");

    public Task DumpAsync(params IReadOnlyList<string> options) => MongoTools.DumpAsync(Server.Url, Folder, options);

    public Task<DumpRestorePlan> PlanAsync(DumpRestoreRequest request, IStoredDump? dump = null) =>
        new MongoDbRestore(Server.Url).PlanAsync(dump ?? Dump, request, CancellationToken.None);

    public async Task<DumpRestoreOutcome> RestoreAsync(
        DumpRestoreRequest request, IStoredDump? dump = null, CancellationToken cancellationToken = default) =>
        await new MongoDbRestore(Server.Url).RestoreLiveAsync(dump ?? Dump, request, cancellationToken);

    public Task<string> DescribeAsync(string database) => Client.DescribeAsync(database);

    public async Task<IReadOnlyList<string>> NamesAsync(string database) =>
    [
        .. (await Client.ListAsync(database, """{"listCollections": 1}""")).Select(one => Bson.FindString(one, "name")!)
            .Where(name => name != "system.views").Order(StringComparer.Ordinal),
    ];

    /// <summary>Documents of about 1 KiB, so many that a restore is in the middle of them for a while.</summary>
    public async Task FillAsync(string database, string collection, int documents, string text = "old")
    {
        for (var start = 0; start < documents; start += 1000)
        {
            var insert = new BsonWriter();
            insert.String("insert", collection);
            insert.StartArray("documents");
            for (var id = start; id < Math.Min(start + 1000, documents); id++)
            {
                insert.StartDocument();
                insert.Int32("_id", id);
                insert.String("text", text + new string('.', 1000));
                insert.End();
            }
            insert.End();
            await Client.RunAsync(database, insert.ToMemory());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await folder.DisposeAsync();
    }
}
