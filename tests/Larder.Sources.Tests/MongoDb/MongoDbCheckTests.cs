using Larder.Sources.MongoDb;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb;

public sealed class MongoDbCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public MongoDbCheckTests()
    {
        folder.Make("shop");
        using (var file = File.Create(folder.Combine("shop", "cart.bson")))
        {
            for (var at = 0; at < 1000; at++)
            {
                var writer = new BsonWriter();
                writer.Int32("_id", at);
                writer.String("name", $"number {at}");
                file.Write(writer.ToMemory().Span);
            }
        }
        var metadata = new CollectionMetadata { CollectionName = "cart", Type = "collection", Uuid = new string('0', 32) };
        File.WriteAllText(folder.Combine("shop", "cart.metadata.json"), System.Text.Encoding.UTF8.GetString(metadata.ToBytes()));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whole_dump_is_counted_and_its_fingerprint_does_not_hang_on_order()
    {
        var before = Assert.Single(await CheckAsync());
        Assert.Equal(("shop.cart", "collection", 1000L), (before.Name, before.Kind, before.Rows));
        var path = folder.Combine("shop", "cart.bson");
        var documents = new List<byte[]>();
        await using (var stream = File.OpenRead(path))
        {
            using var reader = new BsonStreamReader(stream);
            while (await reader.ReadAsync(Cancellation))
            {
                documents.Add(reader.Current.ToArray());
            }
        }
        documents.Reverse();
        await using (var file = File.Create(path))
        {
            foreach (var document in documents)
            {
                await file.WriteAsync(document, Cancellation);
            }
        }
        Assert.Equal(before, Assert.Single(await CheckAsync()));
    }

    [Fact]
    public async Task A_file_cut_off_anywhere_but_between_documents_is_damaged() => await SeededRandom.RunManyAsync(50, async random =>
    {
        var path = folder.Combine("shop", "cart.bson");
        var bytes = await File.ReadAllBytesAsync(path, Cancellation);
        var length = random.Next(bytes.Length);
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(length);
        }
        try
        {
            var facts = Assert.Single(await CheckAsync());
            Assert.True(facts.Rows < 1000 && facts.Bytes == length); // Cut between two: fewer rows than the manifest has.
        }
        catch (SourceException error)
        {
            Assert.Equal(SourceError.Damaged, error.Error);
            Assert.Contains("shop/cart.bson", error.Message, StringComparison.Ordinal);
        }
        await using var again = File.Create(path);
        await again.WriteAsync(bytes, Cancellation);
    });

    [Fact]
    public async Task A_changed_byte_is_damage_or_another_fingerprint() => await SeededRandom.RunManyAsync(100, async random =>
    {
        var path = folder.Combine("shop", "cart.bson");
        var expected = Assert.Single(await CheckAsync()).Fingerprint;
        var bytes = await File.ReadAllBytesAsync(path, Cancellation);
        var at = random.Next(bytes.Length);
        var mask = (byte)(1 << random.Next(8));
        await FlipAsync();
        try
        {
            Assert.NotEqual(expected, Assert.Single(await CheckAsync()).Fingerprint);
        }
        catch (SourceException error)
        {
            Assert.Equal(SourceError.Damaged, error.Error);
        }
        await FlipAsync();

        async Task FlipAsync()
        {
            bytes[at] ^= mask;
            await using var file = File.Create(path);
            await file.WriteAsync(bytes, Cancellation);
        }
    });

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"options": {"a": {"$numberInt": "x"}}}""")]
    public async Task Metadata_that_cannot_be_read_is_damage(string text)
    {
        await File.WriteAllTextAsync(folder.Combine("shop", "cart.metadata.json"), text, Cancellation);
        var error = await Assert.ThrowsAsync<SourceException>(CheckAsync);
        Assert.Equal(SourceError.Damaged, error.Error);
        Assert.Contains("shop/cart.metadata.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collection_whose_documents_are_missing_is_damage()
    {
        File.Delete(folder.Combine("shop", "cart.bson"));
        var error = await Assert.ThrowsAsync<SourceException>(CheckAsync);
        Assert.Equal(SourceError.Damaged, error.Error);
        Assert.Contains("shop/cart.bson", error.Message, StringComparison.Ordinal);
    }

    private Task<IReadOnlyList<EntryFacts>> CheckAsync() =>
        new MongoDbCheck().ReadFactsAsync(new FolderDump(folder.FullPath), _ => { }, Cancellation);

    public void Dispose() => folder.Dispose();
}
