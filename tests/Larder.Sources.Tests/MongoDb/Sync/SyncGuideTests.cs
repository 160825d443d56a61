using System.Text.RegularExpressions;
using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Purge;
using Larder.Sources.MongoDb.Sync;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb.Sync;

/// <summary>The account of the guide is enough for a backup, a sync and a purge, on either side.</summary>
[Trait("Kind", "server")]
public sealed partial class SyncGuideTests(MongoServers servers)
{
    private const string Database = "temple_db";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_account_of_the_guide_may_do_what_it_says()
    {
        var (guarded, open) = (await servers.WithAccountsAsync(), await servers.StandaloneAsync());
        await using var owner = await MongoShell.OpenAsync(guarded.Url);
        await using var there = await MongoShell.OpenAsync(open.Url);
        var guide = await File.ReadAllTextAsync(RepositoryRoot.Combine("docs", "guides", "sync-and-purge.md"), Cancellation);
        await owner.RunAsync("admin", Assert.Single(Statement().Matches(guide)).Groups["command"].Value);
        var url = guarded.UrlFor("larder_temple", "a long random password");
        await owner.RunAsync(Database, """{"create": "strict", "validator": {"name": {"$exists": true}}, "collation": {"locale": "de"}}""");
        await owner.RunAsync(Database, """{"insert": "strict", "documents": [{"_id": 1, "name": "one"}]}""");
        await there.RunAsync(Database, """{"create": "lenient", "collation": {"locale": "de"}}""");
        await there.RunAsync(Database, """{"insert": "lenient", "documents": [{"_id": 1}]}""");

        foreach (var (local, remote) in new[] { (url, open.Url), (open.Url, url) })
        {
            var settings = new MongoDbSyncSettings { LocalUrl = local, RemoteUrl = remote, Databases = [new DatabasePair(Database, Database)] };
            var done = await new MongoDbSync(settings).ExecuteAsync(_ => { }, _ => { }, Cancellation);
            Assert.Equal((2, 0), (done.Collections.Count, done.Refused));
        }
        using var folder = new TemporaryFolder();
        await MongoDump.ToFolderAsync(new MongoDbSettings { Url = url, Databases = [Database] }, folder.FullPath);
        var dump = new FolderDump(folder.FullPath);
        await using var purge = await MongoDbPurge.ConnectAsync(url, Cancellation);
        foreach (var collection in await MongoDbPurge.FindAsync(dump, ["strict", "lenient"], Cancellation))
        {
            var count = new PurgeCount();
            await purge.PurgeAsync(dump, collection, Database, count, Cancellation);
            Assert.Equal((1, 0), (count.Deleted, count.Kept!.Value));
        }

        await owner.RunAsync("admin", """{"dropUser": "larder_temple"}""");
        await owner.DropAsync(Database);
        await there.DropAsync(Database);
    }

    [GeneratedRegex(@"db\.adminCommand\((?<command>\{.*?\n\})\)", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Statement();
}
