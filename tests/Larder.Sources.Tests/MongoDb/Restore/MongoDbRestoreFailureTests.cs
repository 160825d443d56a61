using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;
using Larder.Sources.MongoDb.Restore;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Restore;

[Trait("Kind", "server")]
public sealed class MongoDbRestoreFailureTests(MongoServers servers)
{
    private const int Documents = 20_000; // 20 MB: several batches.
    private const long Middle = 12_000_000;

    private static readonly DumpRestoreRequest Replace = new() { MayReplace = true };

    [Fact]
    public async Task A_wrong_password_is_refused_and_not_shown()
    {
        var server = await servers.WithAccountsAsync();
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["app"]);
        await File.WriteAllBytesAsync(Path.Combine(folder["app"], "things.bson"), [], TestContext.Current.CancellationToken);
        var restore = new MongoDbRestore(server.UrlFor("owner", "sesame-17"));
        var error = await Assert.ThrowsAsync<SourceException>(
            () => restore.PlanAsync(new FolderDump(folder.FullPath), Replace, TestContext.Current.CancellationToken));
        Assert.Equal(SourceError.PermissionDenied, error.Error);
        Assert.DoesNotContain("sesame", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dump_that_breaks_off_leaves_the_old_collections_and_no_others()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var before = await PrepareAsync(test, "broken");
        var dump = new InterruptedDump(test.Folder, "broken/large.bson", Middle, () => throw new IOException("The repository is gone."));
        await Assert.ThrowsAsync<IOException>(() => test.RestoreAsync(Replace, dump));
        Assert.Equal(before, await test.DescribeAsync("broken"));
    }

    [Fact]
    public async Task A_cancelled_restore_leaves_the_old_collections_and_no_others()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var before = await PrepareAsync(test, "cancelled");
        using var cancelling = new CancellationTokenSource();
        var dump = new InterruptedDump(test.Folder, "cancelled/large.bson", Middle, cancelling.CancelAsync);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.RestoreAsync(Replace, dump, cancelling.Token));
        Assert.Equal(before, await test.DescribeAsync("cancelled"));
    }

    [Fact]
    public async Task A_server_killed_in_the_middle_has_the_old_collections_when_it_is_back_and_what_lies_beside_is_forgotten()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        await using var server = await MongoServer.StartReplicaSetAsync();
        await using var test = await RestoreCase.OpenAsync(server);
        var before = await PrepareAsync(test, "killed");
        await test.RunAsync("admin", """{"fsync": 1}""");
        var dump = new InterruptedDump(test.Folder, "killed/large.bson", Middle, server.KillAsync);
        var restore = new MongoDbRestore($"{server.Url}&serverSelectionTimeoutMS=500");
        var plan = await restore.PlanAsync(dump, Replace, CancellationToken.None);
        var error = await Assert.ThrowsAsync<SourceException>(() => restore.RestoreAsync(dump, plan, _ => { }, CancellationToken.None));
        Assert.Equal(SourceError.Unreachable, error.Error);

        await server.StartAgainAsync();
        await test.ReconnectAsync();
        var left = await test.NamesAsync("killed");
        Assert.Contains(left, name => name.StartsWith("larder-restore-", StringComparison.Ordinal));
        var lines = (await test.DescribeAsync("killed")).Split('\n')
            .Where(line => !line.StartsWith("larder-restore-", StringComparison.Ordinal));
        Assert.Equal(before, string.Join('\n', lines));

        var exchange = restore.ExchangeFor(plan.Exchange!);
        Assert.Equal(ExchangeState.Untouched, await exchange.LookAsync(CancellationToken.None));
        await exchange.UndoAsync(CancellationToken.None);
        await exchange.ForgetAsync(CancellationToken.None);
        Assert.Equal(before, await test.DescribeAsync("killed"));
        await test.RestoreAsync(Replace);
        Assert.Equal(["large", "other"], await test.NamesAsync("killed"));
        Assert.Equal(Documents, (await test.Client.FingerprintAsync("killed", "large")).Rows);
    }

    [Fact]
    public async Task A_document_that_is_there_twice_is_found_before_anything_is_replaced()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var before = await PrepareAsync(test, "twice");
        var file = Path.Combine(test.Folder, "twice", "large.bson");
        var bytes = await File.ReadAllBytesAsync(file);
        await using (var stream = new FileStream(file, FileMode.Append))
        {
            await stream.WriteAsync(bytes.AsMemory(0, BitConverter.ToInt32(bytes)));
        }
        var error = await Assert.ThrowsAsync<SourceException>(() => test.RestoreAsync(Replace));
        Assert.Equal(SourceError.Damaged, error.Error);
        Assert.Contains("twice.large", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await test.DescribeAsync("twice"));
    }

    [Fact]
    public async Task Documents_that_a_unique_index_cannot_hold_replace_nothing()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var before = await PrepareAsync(test, "unique");
        var file = Path.Combine(test.Folder, "unique", "large.metadata.json");
        var metadata = await File.ReadAllTextAsync(file);
        var damaged = metadata.Replace("\"name\":\"text\"", "\"name\":\"text\",\"unique\":true", StringComparison.Ordinal);
        Assert.NotEqual(metadata, damaged);
        await File.WriteAllTextAsync(file, damaged);
        var error = await Assert.ThrowsAsync<SourceException>(() => test.RestoreAsync(Replace));
        Assert.Equal(SourceError.Damaged, error.Error);
        Assert.Contains("could not build the indexes of unique.large", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await test.DescribeAsync("unique"));
    }

    [Fact]
    public async Task A_file_cut_or_damaged_anywhere_is_named_and_replaces_nothing()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        var before = await PrepareAsync(test, "cut", documents: 100);
        var file = Path.Combine(test.Folder, "cut", "large.bson");
        var whole = await File.ReadAllBytesAsync(file);
        await SeededRandom.RunManyAsync(10, async random =>
        {
            var damaged = whole.AsMemory(0, random.Next(1, whole.Length)).ToArray();
            var at = random.Next(damaged.Length);
            if (random.Next(2) == 0)
            {
                // A length, which can be no other.
                var first = BitConverter.ToInt32(whole);
                damaged = [.. whole];
                damaged[at / first * first] ^= 0x40;
            }
            else if (damaged.Length % BitConverter.ToInt32(whole) == 0)
            {
                return; // Cut between two documents: only what was recorded can tell.
            }
            await WriteAsync(file, damaged);
            var error = await Assert.ThrowsAsync<SourceException>(() => test.RestoreAsync(Replace));
            Assert.Equal(SourceError.Damaged, error.Error);
            Assert.Contains("cut/large.bson", error.Message, StringComparison.Ordinal);
        });
        Assert.Equal(before, await test.DescribeAsync("cut"));
    }

    [Fact]
    public async Task Metadata_that_is_none_is_named_before_anything_is_asked()
    {
        await using var test = await RestoreCase.OpenAsync(await servers.ReplicaSetAsync());
        await PrepareAsync(test, "metadata", documents: 1);
        await File.WriteAllTextAsync(Path.Combine(test.Folder, "metadata", "large.metadata.json"), "{\"options\":");
        var error = await Assert.ThrowsAsync<SourceException>(() => test.PlanAsync(Replace));
        Assert.Equal(SourceError.Damaged, error.Error);
        Assert.Contains("metadata/large.metadata.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_or_cannot_get_in_is_told_so_without_the_password()
    {
        var server = await servers.WithAccountsAsync();
        await using var client = await TestClient.ConnectAsync(server);
        using var folder = new TemporaryFolder();
        await client.RunAsync("guarded", """{"update": "a", "updates": [{"q": {"_id": 1}, "u": {"x": 1}, "upsert": true}]}""");
        await MongoTools.DumpAsync(server.Url, folder.FullPath, "--db=guarded", "--authenticationDatabase=admin");
        await client.RunAsync("admin", """{"createUser": "reader", "pwd": "hidden", "roles": ["readAnyDatabase"]}""");
        var dump = new FolderDump(folder.FullPath);

        var wrong = await Assert.ThrowsAsync<SourceException>(() => new MongoDbRestore(server.UrlFor("reader", "guessed-wrongly"))
            .PlanAsync(dump, Replace, CancellationToken.None));
        Assert.Equal(SourceError.PermissionDenied, wrong.Error);
        Assert.DoesNotContain("guessed", wrong.ToString(), StringComparison.Ordinal);

        var reader = new MongoDbRestore(server.UrlFor("reader", "hidden"));
        var plan = await reader.PlanAsync(dump, Replace, CancellationToken.None);
        var denied = await Assert.ThrowsAsync<SourceException>(() => reader.RestoreAsync(dump, plan, _ => { }, CancellationToken.None));
        Assert.Equal(SourceError.PermissionDenied, denied.Error);
        Assert.DoesNotContain("hidden", denied.ToString(), StringComparison.Ordinal);

        var nobody = await Assert.ThrowsAsync<SourceException>(
            () => new MongoDbRestore("mongodb://reader:hidden@127.0.0.1:1/?serverSelectionTimeoutMS=200")
                .PlanAsync(dump, Replace, CancellationToken.None));
        Assert.Equal(SourceError.Unreachable, nobody.Error);
        Assert.DoesNotContain("hidden", nobody.ToString(), StringComparison.Ordinal);
        await client.RunAsync("admin", """{"dropUser": "reader"}""");
    }

    // A dump of the database as it was, and then a smaller and different database that must stand at the end.
    private static async Task<string> PrepareAsync(RestoreCase test, string database, int documents = Documents)
    {
        await test.DropAsync(database);
        await test.FillAsync(database, "large", documents);
        await test.RunAsync(database, """{"createIndexes": "large", "indexes": [{"key": {"text": 1}, "name": "text"}]}""");
        await test.FillAsync(database, "other", 10);
        await test.DumpAsync($"--db={database}");
        await test.DropAsync(database);
        await test.FillAsync(database, "large", 10, "live");
        await test.FillAsync(database, "other", 20, "live");
        return await test.DescribeAsync(database);
    }

    private static async Task WriteAsync(string file, byte[] bytes)
    {
        await using var stream = File.Create(file);
        await stream.WriteAsync(bytes);
    }
}
