using System.Text;
using System.Text.Json;
using Larder.Sources.MongoDb;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb;

[Trait("Kind", "server")]
public sealed class MongoDbSourceTests(MongoServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Everything_that_a_database_can_hold_comes_back_by_mongorestore(bool replicaSet)
    {
        var server = replicaSet ? await servers.ReplicaSetAsync() : await servers.StandaloneAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await using var empty = await MongoServer.StartReplicaSetAsync(cancellationToken: Cancellation);
        using var folder = new TemporaryFolder();
        if (replicaSet)
        {
            await FeatureDatabase.CreateAsync(shell, "features");
        }
        else
        {
            await FeatureDatabase.CreateAsync(shell, "features");
            await shell.RunAsync("features", """{"drop": "images"}"""); // Pre-images are for replica sets.
        }
        var settings = new MongoDbSettings { Url = server.Url, Databases = ["features"] };

        var (description, outcome) = await MongoDump.ToFolderAsync(settings, folder.FullPath);
        Assert.Equal(replicaSet ? "snapshot" : "per collection", description.Consistency);
        Assert.Equal("7.0.15", description.EngineVersion);
        Assert.Empty(outcome.Warnings);
        Assert.Equal(replicaSet ? ["features.log"] : [], outcome.NotCaptured.Select(item => item.Path));

        await MongoTools.RestoreAsync(empty.Url, folder.FullPath);
        var before = await MongoDump.LookAsync(settings);
        MongoDump.AssertEqual(before, await MongoDump.LookAsync(settings with { Url = empty.Url }));
        Assert.Contains("features.adults", before.Keys);
        Assert.StartsWith("timeseries ", before["features.weather"], StringComparison.Ordinal);
        Assert.StartsWith("collection 3 ", before[$"features.{FeatureDatabase.LongName}"], StringComparison.Ordinal);
        Assert.StartsWith("collection 1 ", before["features.system.js"], StringComparison.Ordinal);
        await shell.DropAsync("features");
    }

    [Fact]
    public async Task The_files_are_those_of_mongodump()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await FeatureDatabase.CreateAsync(shell, "layout");
        // mongodump asks for the version of the accounts, which the first account makes.
        await shell.RunAsync("layout", """{"createRole": "reader", "privileges": [], "roles": []}""");
        using var ours = new TemporaryFolder();
        using var theirs = new TemporaryFolder();
        await MongoDump.ToFolderAsync(new MongoDbSettings { Url = server.Url, Databases = ["layout"] }, ours.FullPath);
        await MongoTools.DumpAsync(server.Url, theirs.FullPath, "--db=layout", "--dumpDbUsersAndRoles");

        var own = Files(ours);
        // 100.7 writes a space as '+', newer versions as %20, and both read %20.
        var expected = Files(theirs).ToDictionary(pair => pair.Key.Replace("+", "%20", StringComparison.Ordinal), pair => pair.Value);
        Assert.True(own.Remove("layout/prelude.json")); // Newer versions of mongodump write it.
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), own.Keys.Order(StringComparer.Ordinal));
        foreach (var (path, bytes) in expected)
        {
            if (path.EndsWith(".json", StringComparison.Ordinal))
            {
                // mongodump keeps options in a map, and so writes them in any order.
                Assert.True(JsonElement.DeepEquals(Json(bytes), Json(own[path])), $"{path}:\n{Text(bytes)}\n{Text(own[path])}");
            }
            else
            {
                Assert.True(bytes.AsSpan().SequenceEqual(own[path]), $"{path} differs.");
            }
        }
        await shell.DropAsync("layout");

        static Dictionary<string, byte[]> Files(TemporaryFolder folder) =>
            Directory.EnumerateFiles(folder.FullPath, "*", SearchOption.AllDirectories)
                .ToDictionary(file => Path.GetRelativePath(folder.FullPath, file), File.ReadAllBytes, StringComparer.Ordinal);
        static JsonElement Json(byte[] bytes) => JsonSerializer.Deserialize<JsonElement>(bytes);
        static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
    }

    [Fact]
    public async Task All_databases_come_with_users_and_roles_and_without_the_servers_own_data()
    {
        _ = await servers.ReplicaSetAsync(); // Skips where there can be none. On the shared one, others make and drop databases meanwhile.
        await using var server = await MongoServer.StartReplicaSetAsync(cancellationToken: Cancellation);
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await shell.InsertAsync("whole_a", "things", 3, (bson, at) => bson.Int32("_id", at));
        await shell.InsertAsync("whole_b", "things", 5, (bson, at) => bson.Int32("_id", at));
        await shell.RunAsync("admin", """{"createRole": "auditor", "privileges": [], "roles": []}""");
        await shell.RunAsync("whole_a", """{"createUser": "clerk", "pwd": "secret", "roles": [{"role": "read", "db": "whole_a"}]}""");
        await using var empty = await MongoServer.StartReplicaSetAsync(cancellationToken: Cancellation);
        using var folder = new TemporaryFolder();

        var (description, outcome) = await MongoDump.ToFolderAsync(
            new MongoDbSettings { Url = server.Url, AllDatabases = true }, folder.FullPath);
        Assert.Null(description.DatabaseName);
        Assert.Equal(1, outcome.Entries.Single(facts => facts.Name == "admin.system.roles").Rows);
        Assert.Equal(1, outcome.Entries.Single(facts => facts.Name == "admin.system.users").Rows);
        Assert.False(Directory.Exists(folder["local"]) || Directory.Exists(folder["config"]));
        Assert.True(File.Exists(folder["prelude.json"]));

        await MongoTools.RestoreAsync(empty.Url, folder.FullPath);
        await using var restored = await MongoShell.OpenAsync(empty.Url);
        var users = await restored.RunAsync("whole_a", """{"usersInfo": "clerk"}""");
        Assert.Equal("read", users.GetProperty("users")[0].GetProperty("roles")[0].GetProperty("role").GetString());
        Assert.Equal(5, (await restored.RunAsync("whole_b", """{"count": "things"}""")).GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task The_accounts_of_one_database_come_with_it_on_request()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await shell.InsertAsync("guarded", "things", 3, (bson, at) => bson.Int32("_id", at));
        await shell.RunAsync("guarded", """{"createRole": "guard", "privileges": [], "roles": []}""");
        await shell.RunAsync("guarded", """{"createUser": "keeper", "pwd": "secret", "roles": ["guard"]}""");
        await using var empty = await MongoServer.StartReplicaSetAsync(cancellationToken: Cancellation);
        using var folder = new TemporaryFolder();
        await MongoDump.ToFolderAsync(new MongoDbSettings { Url = server.Url, Databases = ["guarded"] }, folder.FullPath);

        await MongoTools.RestoreAsync(empty.Url, folder["guarded"], "--db=guarded", "--restoreDbUsersAndRoles");
        await using var restored = await MongoShell.OpenAsync(empty.Url);
        var users = await restored.RunAsync("guarded", """{"usersInfo": "keeper"}""");
        Assert.Equal("guard", users.GetProperty("users")[0].GetProperty("roles")[0].GetProperty("role").GetString());

        await shell.RunAsync("guarded", """{"dropUser": "keeper"}""");
        await shell.RunAsync("guarded", """{"dropRole": "guard"}""");
        await shell.DropAsync("guarded");
    }

    [Fact]
    public async Task What_is_excluded_is_left_out_and_so_is_what_is_temporary()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        foreach (var name in new[] { "kept", "log.2024", "log.2025", "cache" })
        {
            await shell.InsertAsync("sieve", name, 1, (bson, at) => bson.Int32("_id", at));
        }
        using var folder = new TemporaryFolder();
        var (_, outcome) = await MongoDump.ToFolderAsync(
            new MongoDbSettings { Url = server.Url, Databases = ["sieve"], Exclude = ["sieve.log.*", "*.cache"] }, folder.FullPath);
        Assert.Equal(["sieve.kept"], outcome.Entries.Where(facts => facts.Kind == "collection").Select(facts => facts.Name));
        Assert.Empty(outcome.Warnings);
        await shell.DropAsync("sieve");
    }

    [Fact]
    public async Task The_database_that_the_URL_names_is_the_one_that_is_read()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await shell.InsertAsync("named_by_url", "things", 7, (bson, at) => bson.Int32("_id", at));
        var source = new MongoDbSource(
            new MongoDbSettings { Url = server.Url.Replace("/?", "/named_by_url?", StringComparison.Ordinal) }, TimeProvider.System);
        Assert.InRange((await source.ProbeAsync(Cancellation)).EstimatedBytes ?? 0, 7 * 14, 7 * 100);
        await using var session = await source.OpenAsync(Cancellation);
        Assert.Equal("named_by_url", session.Description.DatabaseName);
        await shell.DropAsync("named_by_url");
    }

    [Theory]
    [InlineData(200_000, 20)]
    [InlineData(3, 16_000_000)]
    public async Task Small_documents_and_the_largest_come_whole(int documents, int bytes)
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        var expected = new FingerprintBuilder();
        await shell.InsertAsync("sizes", "things", documents, (bson, at) =>
        {
            var value = new byte[bytes];
            BitConverter.TryWriteBytes(value, at);
            bson.Int32("_id", at);
            bson.Binary("value", value);
            var copy = new BsonWriter();
            copy.Int32("_id", at);
            copy.Binary("value", value);
            expected.Add(copy.ToMemory().Span);
        });
        using var folder = new TemporaryFolder();
        var (_, outcome) = await MongoDump.ToFolderAsync(new MongoDbSettings { Url = server.Url, Databases = ["sizes"] }, folder.FullPath);
        Assert.Equal(expected.ToFingerprint(), outcome.Entries.Single(facts => facts.Name == "sizes.things").Fingerprint);
        await shell.DropAsync("sizes");
    }

    [Fact]
    public async Task What_was_dumped_is_found_again_by_the_check()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await FeatureDatabase.CreateAsync(shell, "checked");
        using var folder = new TemporaryFolder();
        var (_, outcome) = await MongoDump.ToFolderAsync(
            new MongoDbSettings { Url = server.Url, Databases = ["checked"], Consistency = MongoDbConsistency.Oplog }, folder.FullPath);
        var read = 0L;
        var found = await new MongoDbCheck().ReadFactsAsync(new FolderDump(folder.FullPath), bytes => read += bytes, Cancellation);
        Assert.Equal(
            outcome.Entries.Select(facts => facts with { Duration = null }).OrderBy(facts => facts.Name, StringComparer.Ordinal),
            found.OrderBy(facts => facts.Name, StringComparer.Ordinal));
        Assert.Contains(outcome.Entries, facts => facts.Kind == "oplog");
        Assert.True(read >= outcome.Entries.Sum(facts => facts.Bytes));
        await shell.DropAsync("checked");
    }
}
