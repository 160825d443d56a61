using System.Globalization;
using Larder.Sources.MongoDb;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MongoDb;

/// <summary>Several collections are read at once, as a backup does it.</summary>
[Trait("Kind", "server")]
public sealed class MongoDbSideBySideTests(MongoServers servers)
{
    private const int Collections = 7;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("side_by_side")]
    [InlineData(null)]
    public async Task Contents_that_are_read_at_once_are_those_that_are_read_one_by_one(string? database)
    {
        // On the shared server other tests drop databases while all of them are read here, which is an error, and should be.
        await using var alone = database is null ? await MongoServer.StartReplicaSetAsync(cancellationToken: Cancellation) : null;
        var server = alone ?? await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await FillAsync(shell, "side_by_side");
        var settings = new MongoDbSettings { Url = server.Url, Databases = database is null ? [] : [database] };
        await using (var session = await new MongoDbSource(settings, TimeProvider.System).OpenAsync(Cancellation))
        {
            Assert.True(session.ContentsAtOnce > 1);
            var expected = await ReadAsync(settings, contentsAtOnce: 1);
            var found = await ReadAsync(settings, session.ContentsAtOnce);
            Assert.Equal(Collections, found.Count(IsOurs));
            Assert.Equal(expected.Where(IsOurs), found.Where(IsOurs));
        }
        await shell.DropAsync("side_by_side");
    }

    [Fact]
    public async Task Asking_for_more_at_once_than_there_may_be_is_refused()
    {
        var server = await servers.ReplicaSetAsync();
        await using var shell = await MongoShell.OpenAsync(server.Url);
        await FillAsync(shell, "side_by_side_refused");
        var settings = new MongoDbSettings { Url = server.Url, Databases = ["side_by_side_refused"] };
        await using (var session = await new MongoDbSource(settings, TimeProvider.System).OpenAsync(Cancellation))
        {
            var error = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            {
                await foreach (var entry in session.ReadEntriesAsync(Cancellation))
                {
                    Assert.NotNull(entry); // And never read.
                }
            });
            Assert.Contains("contents are open", error.Message, StringComparison.Ordinal);
        }
        await shell.DropAsync("side_by_side_refused");
    }

    private static bool IsOurs(string line) => line.StartsWith("side_by_side.things_", StringComparison.Ordinal);

    private static async Task<List<string>> ReadAsync(MongoDbSettings settings, int contentsAtOnce)
    {
        await using var session = await new MongoDbSource(settings, TimeProvider.System).OpenAsync(Cancellation);
        var reading = new List<Task>();
        await foreach (var entry in session.ReadEntriesAsync(Cancellation))
        {
            if (entry.OpenContent is { } open)
            {
                reading.Add(DrainAsync(open));
            }
            while (reading.Count >= contentsAtOnce)
            {
                var ended = await Task.WhenAny(reading);
                reading.Remove(ended);
                await ended;
            }
        }
        await Task.WhenAll(reading);
        var outcome = await session.CompleteAsync(Cancellation);
        return [.. outcome.Entries.Select(
            facts => string.Create(CultureInfo.InvariantCulture, $"{facts.Name} {facts.Kind} {facts.File} {facts.Bytes} {facts.Fingerprint}"))];
    }

    private static async Task DrainAsync(Func<CancellationToken, ValueTask<Stream>> open)
    {
        await using var content = await open(Cancellation);
        await content.CopyToAsync(Stream.Null, Cancellation);
    }

    // Small beside large, so that they end in another order than they began.
    private static async Task FillAsync(MongoShell shell, string database)
    {
        await shell.DropAsync(database);
        for (var i = 0; i < Collections; i++)
        {
            await shell.InsertAsync(database, $"things_{i}", i % 3 == 0 ? 12_000 : 50, (bson, at) =>
            {
                bson.Int32("_id", at);
                bson.Binary("value", new byte[1000]);
            });
        }
    }
}
