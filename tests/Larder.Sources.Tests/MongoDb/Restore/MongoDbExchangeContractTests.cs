namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>Each case restores a dump anew, so in `make test` a share of the calls is killed.</summary>
public abstract class MongoDbExchangeContract : ExchangeContract
{
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1";

    protected override int KillEvery => IsSoak ? 1 : 4;

    protected override int Wanderings => IsSoak ? 5 : 1;
}

/// <summary>A capped collection with a validator and an index.</summary>
[Trait("Kind", "server")]
public sealed class CollectionExchangeTests(MongoServers servers, SharedDump dump) : MongoDbExchangeContract, IClassFixture<SharedDump>
{
    protected override async Task<IExchangeSubject> MakeSubjectAsync() => await ExchangeSubject.MakeAsync(
        servers,
        dump,
        content =>
        [
            """{"create": "c", "capped": true, "size": 65536, "validator": {"n": {"$gt": 0}}}""",
            $$"""
            {"insert": "c", "documents": [{"_id": 1, "n": 1, "content": "{{content}}"}, {"_id": 2, "n": 2, "content": "{{content}}"}]}
            """,
            """{"createIndexes": "c", "indexes": [{"key": {"n": 1}, "name": "n", "unique": true}]}""",
        ],
        "c");
}

/// <summary>A view, whose definition is all that there is of it, and what it shows.</summary>
[Trait("Kind", "server")]
public sealed class ViewExchangeTests(MongoServers servers, SharedDump dump) : MongoDbExchangeContract, IClassFixture<SharedDump>
{
    protected override async Task<IExchangeSubject> MakeSubjectAsync() => await ExchangeSubject.MakeAsync(
        servers,
        dump,
        content =>
        [
            """{"insert": "base", "documents": [{"_id": 1}]}""",
            $$"""{"create": "v", "viewOn": "base", "pipeline": [{"$set": {"content": "{{content}}"} }]}""",
        ],
        "v");
}

/// <summary>A time series, which is a view of buckets to the server.</summary>
[Trait("Kind", "server")]
public sealed class TimeSeriesExchangeTests(MongoServers servers, SharedDump dump) : MongoDbExchangeContract, IClassFixture<SharedDump>
{
    protected override async Task<IExchangeSubject> MakeSubjectAsync() => await ExchangeSubject.MakeAsync(
        servers,
        dump,
        content =>
        [
            $$"""{"create": "t", "timeseries": {"timeField": "at", "metaField": "of {{content}}"}, "expireAfterSeconds": 1000000000}""",
            $$"""{"insert": "t", "documents": [{"at": {"$date": "2024-01-01T00:00:00Z"}, "content": "{{content}}"}]}""",
        ],
        "t");
}

/// <summary>Functions, which can be renamed to nothing.</summary>
[Trait("Kind", "server")]
public sealed class FunctionsExchangeTests(MongoServers servers, SharedDump dump) : MongoDbExchangeContract, IClassFixture<SharedDump>
{
    protected override async Task<IExchangeSubject> MakeSubjectAsync() => await ExchangeSubject.MakeAsync(
        servers,
        dump,
        content =>
        [
            $$"""
            {"insert": "system.js", "documents": [{"_id": "f", "value": 1, "content": "{{content}}"},
            {"_id": "of {{content}}", "value": 1, "content": "{{content}}"}]}
            """,
        ],
        "system.js");
}

/// <summary>One kind of thing in the place of another, and views that would look at each other in a circle.</summary>
[Trait("Kind", "server")]
public sealed class KindsExchangeTests(MongoServers servers, SharedDump dump) : MongoDbExchangeContract, IClassFixture<SharedDump>
{
    protected override async Task<IExchangeSubject> MakeSubjectAsync() => await ExchangeSubject.MakeAsync(
        servers,
        dump,
        content => content == "new content"
            ?
            [
                """{"insert": "a", "documents": [{"_id": 1, "content": "new content"}]}""",
                """{"create": "b", "viewOn": "a", "pipeline": []}""",
                """{"create": "d", "viewOn": "b", "pipeline": []}""",
                """{"create": "e", "viewOn": "d", "pipeline": []}""",
            ]
            :
            [
                """{"insert": "b", "documents": [{"_id": 1, "content": "old content"}]}""",
                """{"create": "a", "viewOn": "b", "pipeline": []}""",
                """{"create": "e", "viewOn": "a", "pipeline": []}""",
                """{"create": "d", "viewOn": "e", "pipeline": []}""",
            ],
        "d");
}
