using System.Text;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Servers;

[Trait("Kind", "server")]
public sealed class MongoDbTests(DatabaseServers servers)
{
    [Fact]
    public async Task A_database_is_proven_and_restored_beside_in_place_and_by_mongorestore()
    {
        var server = await servers.MongoAsync();
        var name = servers.NameDatabase("app");
        await using var desk = await OpenDeskAsync(server, name);
        await FillAsync(server, name, desk["made"], documents: 1000);

        var backup = await desk.BackUpAsync();
        Assert.Equal("success", backup.GetProperty("status").GetString());
        await desk.Larder.ExpectAsync(0, "verify", "app:latest", "--level", "content");
        var folder = await desk.RestoreByResticAsync();
        var copy = servers.NameDatabase("copy");
        await desk.RestoreAsync("--target", WithDatabase(server, copy));
        Assert.Equal(await ContentAsync(server, name, desk["dump-1"]), await ContentAsync(server, copy, desk["dump-2"]));

        var before = await ContentAsync(server, name, desk["dump-3"]);
        await FillAsync(server, name, desk["made-anew"], documents: 10);
        await desk.RestoreAsync();
        Assert.Equal(before, await ContentAsync(server, name, desk["dump-4"]));

        await FillAsync(server, name, desk["made-again"], documents: 10);
        await MongoTools.RestoreAsync(server.Url, folder, "--drop", "--nsInclude", $"{name}.*");
        Assert.Equal(before, await ContentAsync(server, name, desk["dump-5"]));
    }

    [Fact]
    public async Task A_restore_in_place_is_rolled_back()
    {
        var server = await servers.MongoAsync();
        var name = servers.NameDatabase("undone");
        await using var desk = await OpenDeskAsync(server, name);
        await FillAsync(server, name, desk["made"], documents: 20_000);
        await desk.BackUpAsync();
        var backedUp = await ContentAsync(server, name, desk["dump-1"]);
        await FillAsync(server, name, desk["made-anew"], documents: 10);
        var before = await ContentAsync(server, name, desk["dump-2"]);

        await desk.RestoreAsync();
        Assert.Equal(backedUp, await ContentAsync(server, name, desk["dump-3"]));
        await desk.Larder.ExpectAsync(0, "rollback", "--confirm");
        Assert.Equal(before, await ContentAsync(server, name, desk["dump-4"]));
    }

    private async Task<ServerDesk> OpenDeskAsync(MongoServer server, string database)
    {
        var desk = await ServerDesk.CreateAsync("mongodb", server.Url, $", database: {database}");
        desk.StagingUrl = WithDatabase(server, servers.NameDatabase("staging")); // Two environments in one place are refused.
        return desk;
    }

    private static string WithDatabase(MongoServer server, string database)
    {
        var parts = server.Url.Split('?', 2);
        var url = parts[0].TrimEnd('/') + "/" + database;
        return parts.Length > 1 ? $"{url}?{parts[1]}" : url;
    }

    /// <summary>Makes a collection of so many documents by mongorestore, in the place of what stands there.</summary>
    private static async Task FillAsync(MongoServer server, string database, string folder, int documents)
    {
        Directory.CreateDirectory(Path.Combine(folder, database));
        await using (var file = File.Create(Path.Combine(folder, database, "entries.bson")))
        {
            for (var i = 0; i < documents; i++)
            {
                file.Write(Document(i, $"entry {i} äß€"));
            }
        }
        await MongoTools.RestoreAsync(server.Url, folder, "--drop");
    }

    /// <summary>The BSON of <c>{ _id: id, text: text }</c>.</summary>
    private static byte[] Document(int id, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = 4 + 5 + 4 + 6 + 4 + bytes.Length + 1 + 1;
        return
        [
            .. BitConverter.GetBytes(length), 0x10, .. "_id\0"u8, .. BitConverter.GetBytes(id),
            0x02, .. "text\0"u8, .. BitConverter.GetBytes(bytes.Length + 1), .. bytes, 0, 0,
        ];
    }

    /// <summary>What mongodump writes of each collection that is not kept by a restore, in the order of ids.</summary>
    private static async Task<string> ContentAsync(MongoServer server, string database, string folder)
    {
        await MongoTools.DumpAsync(server.Url, folder, "--db", database);
        return string.Join('\n', Directory.GetFiles(Path.Combine(folder, database), "*.bson").Order(StringComparer.Ordinal)
            .Where(file => !Path.GetFileName(file).StartsWith("larder-", StringComparison.Ordinal))
            .Select(file => $"{Path.GetFileName(file)} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}"));
    }
}
