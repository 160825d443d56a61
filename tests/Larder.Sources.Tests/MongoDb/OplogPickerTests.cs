using Larder.Sources.MongoDb;

namespace Larder.Sources.Tests.MongoDb;

public sealed class OplogPickerTests
{
    private static readonly OplogPicker Picker = new((database, collection) => database == "shop" && collection != "cache");

    [Theory]
    [InlineData("""{"op": "i", "ns": "shop.cart", "o": {"_id": 1}}""", true)]
    [InlineData("""{"op": "d", "ns": "other.cart", "o": {"_id": 1}}""", false)]
    [InlineData("""{"op": "u", "ns": "shop.cache", "o": {"_id": 1}}""", false)]
    [InlineData("""{"op": "n", "ns": "", "o": {"msg": "periodic noop"}}""", false)]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"create": "cart"}}""", true)]
    [InlineData("""{"op": "c", "ns": "other.$cmd", "o": {"drop": "cart"}}""", false)]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"dropDatabase": 1}}""", true)]
    [InlineData("""{"op": "c", "ns": "other.$cmd", "o": {"renameCollection": "other.a", "to": "other.b"}}""", false)]
    [InlineData("""{"op": "i", "ns": "shop.cart", "fromMigrate": true, "o": {"_id": 1}}""", false)]
    public void Only_entries_of_the_dump_are_kept_and_those_as_they_are(string json, bool kept)
    {
        var entry = ExtendedJson.Parse(json);
        Assert.Equal(kept ? entry : [], Picker.PickEntry(entry).ToArray());
    }

    [Fact]
    public void Of_a_transaction_over_several_databases_the_operations_of_the_dump_are_kept()
    {
        const string json = """
            {"op": "c", "ns": "admin.$cmd", "o": {"applyOps": [
              {"op": "u", "ns": "shop.cart", "o": {"x": 1}}, {"op": "i", "ns": "other.log", "o": {"_id": 2}}]}, "txnNumber": {"$numberLong": "4"}}
            """;
        const string expected = """
            {"op": "c", "ns": "admin.$cmd", "o": {"applyOps": [{"op": "u", "ns": "shop.cart", "o": {"x": 1}}]}, "txnNumber": {"$numberLong": "4"}}
            """;
        Assert.Equal(ExtendedJson.Parse(expected), Picker.PickEntry(ExtendedJson.Parse(json)).ToArray());
    }

    [Theory]
    [InlineData("""{"applyOps": [{"op": "i", "ns": "other.a", "o": {}}]}""", "", false)]
    [InlineData("""{"applyOps": [{"op": "i", "ns": "other.a", "o": {}}], "partialTxn": true}""", "", true)]
    [InlineData("""{"applyOps": []}""", """, "prevOpTime": {"ts": {"$timestamp": {"t": 5, "i": 1}}}""", true)]
    [InlineData("""{"commitTransaction": 1}""", "", true)]
    public void A_part_of_a_larger_transaction_stays_even_without_operations(string body, string more, bool kept)
    {
        var entry = ExtendedJson.Parse($$"""{"op": "c", "ns": "admin.$cmd", "o": {{body}}{{more}}}""");
        Assert.Equal(kept, !Picker.PickEntry(entry).IsEmpty);
    }

    [Theory]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"renameCollection": "shop.a", "to": "other.b"}}""")]
    [InlineData("""{"op": "c", "ns": "other.$cmd", "o": {"renameCollection": "other.a", "to": "shop.b"}}""")]
    [InlineData("""{"op": "c", "ns": "shop.$cmd", "o": {"importCollection": "a"}}""")]
    public void What_a_replay_cannot_repeat_fails_the_dump(string json)
    {
        var entry = ExtendedJson.Parse(json);
        Assert.Throws<SourceException>(() => { Picker.PickEntry(entry); });
    }
}
