using Larder.Sources.Dumps;
using Larder.Sources.MongoDb.Restore;
using Larder.Sources.Native;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb.Restore;

[Trait("Kind", "server")]
public sealed class MongoDbRestoreAccountsTests(MongoServers servers)
{
    [Fact]
    public async Task Users_and_roles_come_back_with_their_passwords_where_they_are_asked_for()
    {
        Assert.SkipWhen(MongoServer.MissingReason is not null, MongoServer.MissingReason ?? "");
        await using var server = await MongoServer.StartReplicaSetAsync(withAccounts: true);
        await using var client = await TestClient.ConnectAsync(server);
        using var folder = new TemporaryFolder();
        await client.RunAsync("books", """{"update": "a", "updates": [{"q": {"_id": 1}, "u": {"x": 1}, "upsert": true}]}""");
        await client.RunAsync("admin", """
            {"createRole": "librarian", "privileges": [{"resource": {"db": "books", "collection": "a"}, "actions": ["find"]}], "roles": []}
            """);
        await client.RunAsync("admin", """{"createUser": "anna", "pwd": "first", "roles": ["librarian"]}""");
        await client.RunAsync("books", """{"createUser": "bert", "pwd": "second", "roles": ["read"]}""");
        await MongoTools.DumpAsync(server.Url, folder.FullPath);

        var dump = new FolderDump(folder.FullPath);
        var restore = new MongoDbRestore(server.Url);
        await DropAccountsAsync(client);
        await client.RunAsync("admin", """{"createUser": "stays", "pwd": "third", "roles": []}""");

        // Not asked for: not restored.
        await RestoreAsync(restore, dump, new DumpRestoreRequest { MayReplace = true });
        await Assert.ThrowsAsync<MongoException>(() => FindAsync(server, "anna", "first"));

        await RestoreAsync(restore, dump, new DumpRestoreRequest { MayReplace = true, WithUsers = true });
        Assert.Contains("\"x\":1", await FindAsync(server, "anna", "first"), StringComparison.Ordinal);
        Assert.Contains("\"x\":1", await FindAsync(server, "bert", "second", "books"), StringComparison.Ordinal);
        var users = await client.RunAsync("admin", """{"usersInfo": {"forAllDBs": true}}""");
        Assert.Contains("\"stays\"", users, StringComparison.Ordinal);
        Assert.Contains("\"owner\"", users, StringComparison.Ordinal);

        // One that stands keeps its password, unless it may be replaced.
        await client.RunAsync("admin", """{"updateUser": "anna", "pwd": "changed"}""");
        await client.RunAsync("books", """{"drop": "a"}""");
        await RestoreAsync(restore, dump, new DumpRestoreRequest { Entries = ["books", "admin"], WithUsers = true });
        await FindAsync(server, "anna", "changed");
        await RestoreAsync(restore, dump, new DumpRestoreRequest { MayReplace = true, WithUsers = true });
        await FindAsync(server, "anna", "first");

        Assert.DoesNotContain("larder-restore", await client.RunAsync("admin", """{"listCollections": 1}"""), StringComparison.Ordinal);
        await DropAccountsAsync(client);
        await client.RunAsync("admin", """{"dropUser": "stays"}""");
    }

    [Fact]
    public async Task Accounts_that_the_dump_does_not_hold_are_a_refusal()
    {
        var server = await servers.ReplicaSetAsync();
        await using var test = await RestoreCase.OpenAsync(server);
        await test.FillAsync("noaccounts", "a", 1);
        await test.DumpAsync("--db=noaccounts");
        await test.DropAsync("noaccounts");
        var plan = await test.PlanAsync(new DumpRestoreRequest { WithUsers = true });
        Assert.Equal(["The backup holds no users and roles."], plan.Refusals);
    }

    private static Task RestoreAsync(MongoDbRestore restore, FolderDump dump, DumpRestoreRequest request) =>
        restore.RestoreLiveAsync(dump, request);

    private static async Task DropAccountsAsync(TestClient client)
    {
        await client.RunAsync("admin", """{"dropUser": "anna"}""");
        await client.RunAsync("books", """{"dropUser": "bert"}""");
        await client.RunAsync("admin", """{"dropRole": "librarian"}""");
    }

    private static async Task<string> FindAsync(MongoServer server, string user, string password, string database = "admin")
    {
        var url = server.UrlFor(user, password);
        var joint = url.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        await using var client = await TestClient.ConnectAsync($"{url}{joint}authSource={database}");
        return await client.RunAsync("books", """{"find": "a"}""");
    }
}
