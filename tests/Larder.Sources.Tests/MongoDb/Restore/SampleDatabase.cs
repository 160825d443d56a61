using System.Text;
using Larder.Sources.MongoDb;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>A database that has one of everything that a restore must bring back.</summary>
internal static class SampleDatabase
{
    // One command a line; a line that is set in goes on with the one before. Nested documents of options have one field each, for this
    // mongodump keeps no order inside them. Dates are far in the future where an index would make documents vanish.
    private const string Commands =
        """
        {"create": "plain"}
        {"insert": "plain", "documents": [{"_id": 1, "name": "Äpfel"}, {"_id": "two", "n": {"$numberLong": "5"}}, {"_id": {"a": 1}, "d": {"$numberDecimal": "1.50"}}]}
        {"insert": "plain", "documents": [{"_id": 3, "bytes": {"$binary": {"base64": "AAEC", "subType": "05"}}, "r": {"$regularExpression": {"pattern": "a.b", "options": "i"}}}]}
        {"insert": "plain", "documents": [{"_id": 4, "min": {"$minKey": 1}, "max": {"$maxKey": 1}, "code": {"$code": "f()"}, "ts": {"$timestamp": {"t": 5, "i": 6}}}]}
        {"create": "empty"}
        {"createIndexes": "empty", "indexes": [{"key": {"a": 1}, "name": "a"}]}
        {"create": "capped", "capped": true, "size": 1048576, "max": 100}
        {"insert": "capped", "documents": [{"_id": 3}, {"_id": 1}, {"_id": 2}]}
        {"create": "validated"}
        {"insert": "validated", "documents": [{"_id": 1, "age": "not a number"}]}
        {"collMod": "validated", "validator": {"$jsonSchema": {"properties": {"age": {"bsonType": "int"}}}}, "validationLevel": "strict", "validationAction": "error"}
        {"create": "collated", "collation": {"locale": "de", "strength": 2}}
        {"insert": "collated", "documents": [{"_id": "a", "s": "B"}, {"_id": "ä", "s": "b"}]}
        {"createIndexes": "collated", "indexes": [{"key": {"s": 1}, "name": "with its collation"}, {"key": {"s": -1}, "name": "plain", "collation": {"locale": "simple"}}]}
        {"create": "clustered", "clusteredIndex": {"key": {"_id": 1}, "unique": true, "name": "by id"}, "expireAfterSeconds": 1000000000}
        {"insert": "clustered", "documents": [{"_id": 2}, {"_id": 1}]}
        {"create": "with images", "changeStreamPreAndPostImages": {"enabled": true}}
        {"insert": "with images", "documents": [{"_id": 2}]}
        {"create": "weather", "timeseries": {"timeField": "at", "metaField": "where", "granularity": "minutes"}, "expireAfterSeconds": 1000000000}
        {"insert": "weather", "documents": [{"at": {"$date": "2024-01-01T00:00:00Z"}, "where": "north", "c": 1.5},
          {"at": {"$date": "2024-01-01T00:05:00Z"}, "where": "north", "c": 2.5}, {"at": {"$date": "2024-01-01T00:05:00Z"}, "where": "south"}]}
        {"createIndexes": "weather", "indexes": [{"key": {"where.x": 1, "at": 1}, "name": "by place"}]}
        {"create": "indexed"}
        {"insert": "indexed", "documents": [{"_id": 1, "u": 1, "t": "the quick fox", "g": {"type": "Point", "coordinates": [1, 2]},
          "p": [1, 2], "e": {"$date": "2124-01-01T00:00:00Z"}}, {"_id": 2, "u": 2}]}
        {"createIndexes": "indexed", "indexes": [{"key": {"u": 1}, "name": "unique", "unique": true},
          {"key": {"u": -1}, "name": "sparse", "sparse": true}, {"key": {"e": 1}, "name": "ttl", "expireAfterSeconds": 60}]}
        {"createIndexes": "indexed", "indexes": [{"key": {"g": "2dsphere"}, "name": "sphere"},
          {"key": {"p": "2d"}, "name": "flat", "min": -10, "max": 10}, {"key": {"_id": "hashed"}, "name": "hashed"}]}
        {"createIndexes": "indexed", "indexes": [{"key": {"t": "text", "other": "text"}, "name": "text", "weights": {"t": 3}, "default_language": "german"}]}
        {"createIndexes": "indexed", "indexes": [{"key": {"$**": 1}, "name": "wild", "wildcardProjection": {"t": 1}}, {"key": {"h": 1}, "name": "hidden", "hidden": true}]}
        {"createIndexes": "indexed", "indexes": [{"key": {"u": 1, "t": 1}, "name": "partial", "partialFilterExpression": {"u": {"$gt": 1}}}]}
        {"create": "50% of.ünï/cödé", "validationLevel": "moderate"}
        {"insert": "50% of.ünï/cödé", "documents": [{"_id": 1}]}
        {"create": "view", "viewOn": "plain", "pipeline": [{"$match": {"_id": {"$gt": 1}}}]}
        {"create": "a view of the view", "viewOn": "view", "pipeline": [{"$project": {"name": 1}}], "collation": {"locale": "simple"}}
        {"insert": "fs.files", "documents": [{"_id": 1, "length": {"$numberLong": "3"}, "chunkSize": 261120, "filename": "a"}]}
        {"insert": "fs.chunks", "documents": [{"_id": 1, "files_id": 1, "n": 0, "data": {"$binary": {"base64": "AAEC", "subType": "00"}}}]}
        {"createIndexes": "fs.chunks", "indexes": [{"key": {"files_id": 1, "n": 1}, "name": "files_id_1_n_1", "unique": true}]}
        {"insert": "system.js", "documents": [{"_id": "twice", "value": {"$code": "function (x) { return 2 * x; }"}}]}
        """;

    public static async Task CreateAsync(TestClient client, string database)
    {
        await client.RunAsync(database, """{"dropDatabase": 1}""");
        var commands = Commands.Replace("\n  ", " ", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var command in commands)
        {
            await client.RunAsync(database, command);
        }
        // What an insert would change, stored as replication stores it.
        await client.RunAsync("admin", $$$$"""
            {"applyOps": [{"op": "i", "ns": "{{{{database}}}}.plain", "o": {"first": 1, "_id": 5, "ts": {"$timestamp": {"t": 0, "i": 0} } } } ]}
            """);
        await client.RunAsync(database, new string('n', 200), LargestDocument());
    }

    private static async Task RunAsync(this TestClient client, string database, string name, byte[] document)
    {
        var insert = new BsonWriter();
        insert.String("insert", name);
        insert.StartArray("documents");
        insert.Document(null, document);
        insert.End();
        await client.RunAsync(database, insert.ToMemory());
    }

    /// <summary>Of exactly 16 MiB, which is as large as a document may be.</summary>
    private static byte[] LargestDocument()
    {
        const int around = 4 + (1 + 4 + 4) + (1 + 2 + 4 + 1) + 1; // Lengths, types, names, the number and zeros.
        var writer = new BsonWriter();
        writer.Int32("_id", 1);
        writer.String("s", Encoding.ASCII.GetString(Enumerable.Repeat((byte)'x', (16 * 1024 * 1024) - around).ToArray()));
        var document = writer.ToArray();
        Assert.Equal(16 * 1024 * 1024, document.Length);
        return document;
    }
}
