namespace Larder.Sources.Tests.MongoDb;

/// <summary>A database that uses what MongoDB offers.</summary>
internal static class FeatureDatabase
{
    public const string ExoticName = "späße/50% off: «a.b»? #1 & more+";

    /// <summary>Longer than a file name may be once it is escaped.</summary>
    public static string LongName { get; } = string.Concat(Enumerable.Repeat("ä", 60)) + "-long";

    public static async Task CreateAsync(MongoShell shell, string database)
    {
        await shell.DropAsync(database);
        string[] commands =
        [
            """
            {"create": "people", "validator": {"$jsonSchema": {"required": ["name"]}}, "validationLevel": "moderate", "validationAction": "warn",
             "collation": {"locale": "de", "strength": 2}}
            """,
            """{"create": "log", "capped": true, "size": 1048576, "max": 1000}""",
            """
            {"create": "weather", "timeseries": {"timeField": "at", "metaField": "sensor", "granularity": "minutes"},
             "expireAfterSeconds": {"$numberLong": "315360000"}}
            """,
            """{"create": "clustered", "clusteredIndex": {"key": {"_id": 1}, "unique": true, "name": "by id"}, "expireAfterSeconds": 315360000}""",
            """{"create": "images", "changeStreamPreAndPostImages": {"enabled": true}}""",
            """{"create": "empty"}""",
            """
            {"create": "adults", "viewOn": "people", "pipeline": [{"$match": {"age": {"$gte": 18}}}, {"$project": {"name": 1}}],
             "collation": {"locale": "fr"}}
            """,
            """{"create": "names", "viewOn": "adults", "pipeline": [{"$group": {"_id": "$name"}}], "collation": {"locale": "fr"}}""",
            """
            {"createIndexes": "people", "indexes": [
              {"key": {"name": 1, "age": -1}, "name": "by name"},
              {"key": {"email": 1}, "name": "one each", "unique": true, "partialFilterExpression": {"email": {"$exists": true}}},
              {"key": {"nick": 1}, "name": "nick", "sparse": true, "collation": {"locale": "en", "strength": 1}},
              {"key": {"born": 1}, "name": "ttl", "expireAfterSeconds": 315360000},
              {"key": {"about": "text", "name": "text"}, "name": "words", "weights": {"about": 5}, "default_language": "german",
               "collation": {"locale": "simple"}},
              {"key": {"home": "2dsphere"}, "name": "where"},
              {"key": {"flat": "2d"}, "name": "flat", "min": -500, "max": 500, "bits": 20, "collation": {"locale": "simple"}},
              {"key": {"token": "hashed"}, "name": "hash"},
              {"key": {"old": 1}, "name": "hidden", "hidden": true}]}
            """,
            """
            {"createIndexes": "images", "indexes": [{"key": {"extra.$**": 1}, "name": "wild"},
              {"key": {"$**": 1}, "name": "some", "wildcardProjection": {"a": 1, "b.c": 1}}]}
            """,
            """{"createIndexes": "weather", "indexes": [{"key": {"sensor": 1, "at": -1}, "name": "latest"}]}""",
        ];
        foreach (var command in commands)
        {
            await shell.RunAsync(database, command);
        }
        await shell.RunAsync(database, """{"insert": "system.js", "documents": [{"_id": "twice", "value": {"$code": "function(x){return 2*x}"}}]}""");
        await shell.RunAsync(database, EveryType);
        await shell.InsertAsync(database, "log", 100, (bson, at) => bson.String("line", $"line {at}"));
        await shell.InsertAsync(database, "clustered", 500, (bson, at) => bson.Int32("_id", at));
        await shell.InsertAsync(database, "weather", 300, (bson, at) =>
        {
            bson.DateTime("at", 1_700_000_000_000 + (at * 60_000L));
            bson.String("sensor", $"s{at % 7}");
            bson.Double("celsius", at / 10.0);
        });
        foreach (var name in new[] { ExoticName, LongName })
        {
            await shell.InsertAsync(database, name, 3, (bson, at) => bson.Int32("_id", at));
        }
        await InsertFileAsync(shell, database);
    }

    private static async Task InsertFileAsync(MongoShell shell, string database)
    {
        await shell.RunAsync(database, """
            {"createIndexes": "fs.chunks", "indexes": [{"key": {"files_id": 1, "n": 1}, "name": "files_id_1_n_1", "unique": true}]}
            """);
        await shell.RunAsync(database, """
            {"insert": "fs.files", "documents": [{"_id": 1, "length": {"$numberLong": "1044480"}, "chunkSize": 261120, "filename": "a/b.png"}]}
            """);
        await shell.InsertAsync(database, "fs.chunks", 4, (bson, at) =>
        {
            bson.Int32("files_id", 1);
            bson.Int32("n", at);
            bson.Binary("data", new byte[261120]);
        });
    }

    private const string EveryType =
        """
        {"insert": "people", "documents": [
          {"_id": {"$oid": "0123456789abcdef01234567"}, "name": "Ada", "age": 36, "email": "ada@example.com", "home": {"type": "Point", "coordinates": [1.5, 2.5]},
           "flat": [1, 2], "token": "t1", "double": {"$numberDouble": "NaN"}, "zero": {"$numberDouble": "-0.0"}, "long": {"$numberLong": "9223372036854775807"},
           "decimal": {"$numberDecimal": "1.000E-10"}, "date": {"$date": {"$numberLong": "-62135596800000"}}, "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}},
           "code": {"$code": "x"}, "scoped": {"$code": "y", "$scope": {"z": 1}}, "symbol": {"$symbol": "s"}, "min": {"$minKey": 1}, "max": {"$maxKey": 1},
           "undefined": {"$undefined": true}, "pointer": {"$dbPointer": {"$ref": "a.b", "$id": {"$oid": "0123456789abcdef01234567"}}},
           "stamp": {"$timestamp": {"t": 4294967295, "i": 1}}, "uuid": {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}, "null": null, "yes": true,
           "binary": {"$binary": {"base64": "AAECAw==", "subType": "80"}}, "array": [1, "zwei", [3, {}], {}], "empty": "", "text": "äöü 𝄞 \u0000 end"},
          {"_id": "two", "name": "Bob", "age": 12, "about": "Backups sind Briefe an sich selbst"},
          {"_id": {"compound": [1, 2]}, "name": "Cy", "age": {"$numberDouble": "18.5"}, "nick": "c"}]}
        """;
}
