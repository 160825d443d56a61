using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;
using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Restore;
using Larder.Sources.Native;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>A dump of one database, made once for all tests of a class.</summary>
public sealed class SharedDump : IAsyncDisposable
{
    private static int last;

    private readonly string database = $"dumped{Interlocked.Increment(ref last)}"; // Classes of tests run side by side.
    private readonly TemporaryFolder folder = new();
    private bool isMade;

    internal FolderDump Files => new(folder.FullPath);

    /// <summary>Dumps what the commands make.</summary>
    internal async Task MakeAsync(RestoreCase test, IEnumerable<string> commands)
    {
        if (isMade)
        {
            return;
        }
        await test.DropAsync(database);
        foreach (var command in commands)
        {
            await test.RunAsync(database, command);
        }
        await MongoTools.DumpAsync(test.Server.Url, folder.FullPath, $"--db={database}");
        await test.DropAsync(database);
        isMade = true;
    }

    public ValueTask DisposeAsync() => folder.DisposeAsync();
}

/// <summary>A database of a test's own, in which something old is live and a dump of something new is restored.</summary>
internal sealed class ExchangeSubject : IExchangeSubject
{
    private const string New = "new content";

    private static int last;

    private readonly SharedDump dump;
    private readonly Func<string, IEnumerable<string>> commandsFor;
    private readonly string read;

    private ExchangeSubject(RestoreCase test, SharedDump dump, Func<string, IEnumerable<string>> commandsFor, string read)
    {
        Test = test;
        this.dump = dump;
        this.commandsFor = commandsFor;
        this.read = read;
    }

    public RestoreCase Test { get; }

    public string Database { get; } = $"exchange{Interlocked.Increment(ref last)}";

    private MongoDbRestore Restore => new(Test.Server.Url);

    private DumpRestoreRequest Request => new() { MayReplace = true, DatabaseName = Database };

    /// <param name="servers">Of which one is used.</param>
    /// <param name="dump">Of this class of tests.</param>
    /// <param name="commandsFor">The commands that make a content, by its name.</param>
    /// <param name="read">The collection or view whose documents have the content in a field of that name.</param>
    public static async Task<ExchangeSubject> MakeAsync(
        MongoServers servers, SharedDump dump, Func<string, IEnumerable<string>> commandsFor, string read)
    {
        var subject = new ExchangeSubject(await RestoreCase.OpenAsync(await servers.ReplicaSetAsync()), dump, commandsFor, read);
        await dump.MakeAsync(subject.Test, commandsFor(New));
        await subject.Test.DropAsync(subject.Database);
        return subject;
    }

    public async Task MakeLiveAsync(string content)
    {
        foreach (var command in commandsFor(content))
        {
            await Test.RunAsync(Database, command);
        }
    }

    public async Task<ExchangeRecord> PlanAsync() => (await PlanAsync(Request)).Exchange!;

    public async Task StageAsync(IExchange exchange, ExchangeRecord record, string content)
    {
        Assert.Equal(New, content);
        var plan = await PlanAsync(Request with { Token = TokenOf(record) });
        await Restore.RestoreAsync(dump.Files, plan, _ => { }, CancellationToken.None);
    }

    public async Task StageHalfAsync(ExchangeRecord record)
    {
        var wrong = dump.Files.Files.Select(file => new EntryFacts { Name = "", Kind = "", File = file.Path.ToString(), Rows = 12345 });
        var plan = await PlanAsync(Request with { Token = TokenOf(record), Recorded = [.. wrong] });
        await Assert.ThrowsAsync<SourceException>(
            () => Restore.RestoreAsync(dump.Files, plan, _ => { }, CancellationToken.None));
    }

    public async Task<string?> ReadLiveAsync()
    {
        List<byte[]> documents;
        try
        {
            documents = await Test.Client.ListAsync(Database, $$"""{"find": "{{read}}"}""");
        }
        catch (MongoException error) when (error.Message.Contains("expected time-series buckets collection", StringComparison.Ordinal))
        {
            return null; // What the server says of a time series on its way.
        }
        var found = documents.Select(document => Bson.FindString(document, "content")!).Distinct().ToList();
        return found.Count == 0 ? null : string.Join(" and ", found);
    }

    public async Task<IReadOnlyList<string>> ListAsync() =>
        [.. (await Test.NamesAsync(Database)).Where(name => !name.StartsWith("system.buckets.", StringComparison.Ordinal))];

    public IExchange Open(ExchangeRecord record, Action<string>? afterCall = null) =>
        new MongoDbExchange(Test.Server.Url, record, afterCall);

    public async ValueTask DisposeAsync()
    {
        await Test.DropAsync(Database);
        await Test.DisposeAsync();
    }

    private async Task<DumpRestorePlan> PlanAsync(DumpRestoreRequest request)
    {
        var plan = await Restore.PlanAsync(dump.Files, request, CancellationToken.None);
        Assert.Empty(plan.Refusals);
        return plan;
    }

    private static string TokenOf(ExchangeRecord record) => record.Parts[0].Beside.Split('-')[^2];
}
