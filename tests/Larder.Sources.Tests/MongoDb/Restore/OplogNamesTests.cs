using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Restore;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb.Restore;

public sealed class OplogNamesTests
{
    [Theory]
    [InlineData("""{"op": "i", "ns": "shop.orders", "o": {"_id": 1}}""", "shop.orders")]
    [InlineData("""{"op": "u", "ns": "shop.system.buckets.weather", "o": {}}""", "shop.weather")]
    [InlineData("""{"op": "c", "ns": "admin.$cmd", "o": {"applyOps": [{"op": "d", "ns": "shop.orders", "o": {"_id": 1}}]}}""", "shop.orders")]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"create": "orders"}}""", "shop.orders")]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"renameCollection": "shop.old", "to": "shop.orders"}}""", "shop.orders")]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"renameCollection": "shop.orders", "to": "shop.new"}}""", "shop.orders")]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"dropDatabase": 1}}""", "shop.anything")]
    public async Task What_changes_documents_names_its_collection_and_no_other(string entry, string name)
    {
        var names = await ReadAsync(entry);

        Assert.True(names.Contains(name));
        Assert.False(names.Contains("shopping.orders"));
        Assert.False(names.Contains("other.orders"));
    }

    [Theory]
    [InlineData("""{"op": "n", "ns": "", "o": {"msg": "periodic noop"}}""")]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"createIndexes": "orders", "key": {"a": 1}, "name": "a_1"}}""")]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"collMod": "orders", "validator": {}}}""")]
    public async Task What_changes_no_document_names_none(string entry) => Assert.False((await ReadAsync(entry)).Contains("shop.orders"));

    [Fact]
    public async Task A_dump_without_an_oplog_has_no_such_collection()
    {
        await using var folder = new TemporaryFolder();
        Assert.False((await OplogNames.ReadAsync(new FolderDump(folder.FullPath), null, TestContext.Current.CancellationToken)).Contains("shop.orders"));
    }

    private static async Task<OplogNames> ReadAsync(string entry)
    {
        await using var folder = new TemporaryFolder();
        var bytes = ExtendedJson.Parse(entry).ToArray();
        await File.WriteAllBytesAsync(folder["oplog.bson"], bytes, TestContext.Current.CancellationToken);
        return await OplogNames.ReadAsync(
            new FolderDump(folder.FullPath),
            new StoredDocuments(new EntryPath("oplog.bson"), bytes.Length),
            TestContext.Current.CancellationToken);
    }
}
