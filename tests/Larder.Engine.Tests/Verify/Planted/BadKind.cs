using System.Text;
using Larder.Engine.Backups;

namespace Larder.Engine.Tests.Verify.Planted;

/// <summary>One way in which a backup is bad although every checksum in it is right.</summary>
/// <param name="Name">For the message of a failure.</param>
/// <param name="Source">The source that it is done to.</param>
/// <param name="Spoil">Answers the bad source, and what an error about it must name: an entry, or a file.</param>
internal sealed record BadKind(string Name, string Source, Func<Random, SampleSource, (SampleSource Bad, string Named)> Spoil)
{
    public static IReadOnlyList<BadKind> All { get; } =
        [.. Sqlite(), .. PostgreSql(), .. MySql(), .. MongoDb(), .. Folder(), .. Manifests()];

    public override string ToString() => $"{Source}: {Name}";

    private static IEnumerable<BadKind> Sqlite()
    {
        yield return Statement("rows lost", table => $"DELETE FROM {table} WHERE id % 3 = 1");
        yield return Statement("rows doubled", table => $"INSERT INTO {table} SELECT id + 10000, text FROM {table}");
        yield return Statement("table emptied", table => $"DELETE FROM {table}");
        yield return Statement("table lost", table => $"DROP TABLE {table}");
        yield return Statement("letters in another encoding", table => $"UPDATE {table} SET text = CAST(x'c3' || text AS TEXT) WHERE id = 2");
        yield return Statement("a row altered", table => $"UPDATE {table} SET text = replace(text, substr(text, 3, 1), '?') WHERE id = 3");
        yield return Statement("a row under another key", table => $"UPDATE {table} SET id = 777777 WHERE id = 1");
        yield return Fixed("tables swapped", "ALTER TABLE entries RENAME TO other; ALTER TABLE labels RENAME TO entries; ALTER TABLE other RENAME TO labels", "entries");
        yield return Fixed("index missing", "DROP INDEX by_text", "sqlite_schema");
        yield return Fixed("view missing", "DROP VIEW today", "sqlite_schema");
        yield return Fixed("trigger missing", "DROP TRIGGER gone", "sqlite_schema");
        yield return Fixed(
            "index of other rows",
            "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX by_text ON entries (id)' WHERE name = 'by_text'",
            "journal.db");
        yield return new BadKind("page damaged", "lite", (random, good) => (
            good.Change("journal.db", bytes => Overwrite(bytes, 4096 * random.Next(1, bytes.Length / 4096), random, 8)), "journal.db"));
        yield return new BadKind("page from elsewhere", "lite", (random, good) => (
            good.Change("journal.db", bytes =>
            {
                bytes.AsSpan(0, 4096).CopyTo(bytes.AsSpan(4096 * random.Next(1, bytes.Length / 4096)));
                return bytes;
            }), "journal.db"));
        yield return new BadKind("last page cut off", "lite", (_, good) => (good.Change("journal.db", bytes => bytes[..^4096]), "journal.db"));
        yield return new BadKind("no database", "lite", (random, good) => (good.Change("journal.db", bytes => Overwrite(bytes, 0, random, 100)), "journal.db"));
        yield return new BadKind("empty file", "lite", (_, good) => (good.With("journal.db", []), "journal.db"));
        yield return new BadKind("unknown database", "lite", (_, good) => (good.With("other.db", good.Files["journal.db"]), "other.db"));
        yield return new BadKind("file under another name", "lite", (_, good) =>
            (good.With("other.db", good.Files["journal.db"]).With("journal.db", null), "journal.db"));
    }

    private static IEnumerable<BadKind> PostgreSql()
    {
        const string pg = "pg";
        yield return OfTable(pg, "rows cut off", (random, bytes) => bytes[..random.Next(bytes.Length / 2, bytes.Length - 5)], matchesFile: true);
        yield return OfTable(pg, "end of the rows cut off", (_, bytes) => bytes[..^5], matchesFile: true);
        yield return OfTable(pg, "rows lost", (random, bytes) => Lines(bytes, lines => lines.RemoveRange(random.Next(2), 2)));
        yield return OfTable(pg, "rows doubled", (_, bytes) => Lines(bytes, lines => lines.InsertRange(0, lines[..2])));
        yield return OfTable(pg, "table emptied", (_, _) => "\\.\n\n\n"u8.ToArray());
        yield return OfTable(pg, "a byte altered", AlteredText);
        yield return OfTable(pg, "Latin-1 in a row", (_, bytes) => Replaced(bytes, "\t"u8, [0xe4]));
        yield return OfTable(pg, "text behind the end", (_, bytes) => [.. bytes, .. "DROP"u8], matchesFile: true);
        yield return OfTable(pg, "file lost", (_, _) => null, matchesFile: true);
        yield return OfTable(pg, "file empty", (_, _) => [], matchesFile: true);
        yield return new BadKind("two tables swapped", pg, (_, good) => Swapped(good, PathOf(pg, "entries"), PathOf(pg, "labels"), "entries"));
        yield return new BadKind("two like tables swapped", pg, (_, good) => Swapped(good, PathOf(pg, "labels"), PathOf(pg, "pictures"), "labels"));
        yield return File(pg, "list of contents cut off", "journal/toc.dat", (random, bytes) => bytes[..random.Next(20, bytes.Length - 20)]);
        yield return File(pg, "list of contents with a damaged head", "journal/toc.dat", (random, bytes) => Overwrite(bytes, random.Next(6), random, 4));
        yield return File(pg, "list of contents lost", "journal/toc.dat", (_, _) => null, named: "journal");
        yield return File(pg, "list of contents of zeros", "journal/toc.dat", (random, bytes) => Zeros(bytes, random.Next(bytes.Length / 2)));
        yield return File(pg, "large object altered", "journal/blob_4711.dat", (random, bytes) => Overwrite(bytes, random.Next(90), random, 2), named: "large_objects");
        yield return File(pg, "large object lost", "journal/blob_4711.dat", (_, _) => null);
        yield return File(pg, "list of large objects broken", "journal/blobs.toc", (_, bytes) => bytes[3..], named: "large_objects");
        yield return File(pg, "list of large objects lost", "journal/blobs.toc", (_, _) => null);
        yield return File(pg, "unknown rows", "journal/9999.dat", (_, _) => "1\tx\n\\.\n\n\n"u8.ToArray());
        yield return File(pg, "unknown database", "other/1.dat", (_, _) => "1\n\\.\n\n\n"u8.ToArray());
        yield return File(pg, "roles cut off", "globals.sql", (_, bytes) => bytes[..(bytes.Length / 2)]);
        yield return new BadKind("index missing since it was recorded", pg, (_, good) => (
            good.Change("journal/toc.dat", bytes => Replaced(bytes, "CREATE INDEX"u8, "SELECT INDEX"u8)).Recording(good), pg));
    }

    private static IEnumerable<BadKind> MySql()
    {
        const string my = "my";
        yield return OfTable(my, "rows cut off", (random, bytes) => bytes[..random.Next(bytes.Length / 2, bytes.Length - 5)], matchesFile: true);
        yield return OfTable(my, "rows lost", (_, bytes) => Lines(bytes, lines => lines.RemoveAll(line => line.StartsWith("(2,", StringComparison.Ordinal))));
        yield return OfTable(my, "rows doubled", (_, bytes) => Lines(bytes, lines =>
        {
            var at = lines.FindIndex(line => line.StartsWith('('));
            lines.Insert(at, lines[at]);
        }));
        yield return OfTable(my, "table emptied", (_, bytes) => Lines(bytes, lines => lines.RemoveAll(line => line.StartsWith('(') || line.StartsWith("INSERT", StringComparison.Ordinal))));
        yield return OfTable(my, "a byte altered", AlteredText);
        yield return OfTable(my, "Latin-1 in a row", (_, bytes) => Replaced(bytes, ",'"u8, [(byte)',', 0xe4]));
        yield return OfTable(my, "file lost", (_, _) => null, matchesFile: true);
        yield return OfTable(my, "file empty", (_, _) => [], matchesFile: true);
        yield return new BadKind("two tables swapped", my, (_, good) => Swapped(good, PathOf(my, "labels"), PathOf(my, "pictures"), "labels"));
        yield return File(my, "definitions cut off", "journal/2-tables.sql", (random, bytes) => bytes[..random.Next(100, bytes.Length - 20)]);
        yield return File(my, "definitions lost", "journal/2-tables.sql", (_, _) => null);
        yield return File(my, "views cut off", "journal/4-after.sql", (random, bytes) => bytes[..random.Next(100, bytes.Length - 20)]);
        yield return File(my, "unknown file", "journal/5-other.sql", (_, _) => "SELECT 1;\n-- Dump completed\n"u8.ToArray());
        yield return File(my, "unknown table", "journal/3-rows-other.sql", (_, _) => "-- Dump completed\n"u8.ToArray(), named: "journal.other");
        yield return new BadKind("index missing since it was recorded", my, (_, good) => (
            good.Change("journal/2-tables.sql", bytes => Replaced(bytes, "  KEY `entries_day` (`day`)"u8, "  CHECK (`day` IS NOT NULL)"u8)).Recording(good), my));
    }

    private static IEnumerable<BadKind> MongoDb()
    {
        const string mongo = "mongo";
        yield return OfTable(mongo, "last document cut", (random, bytes) => bytes[..^random.Next(1, 12)], matchesFile: true);
        yield return OfTable(mongo, "first document lost", (_, bytes) => bytes[BitConverter.ToInt32(bytes)..]);
        yield return OfTable(mongo, "first document twice", (_, bytes) => [.. bytes[..BitConverter.ToInt32(bytes)], .. bytes]);
        yield return OfTable(mongo, "collection emptied", (_, _) => []);
        yield return OfTable(mongo, "a byte altered", AlteredText);
        yield return OfTable(mongo, "Latin-1 in a document", (_, bytes) => Replaced(bytes, "text\0"u8, [(byte)'t', (byte)'e', 0xe4, (byte)'t', 0]));
        yield return OfTable(mongo, "a length altered", (random, bytes) => Overwrite(bytes, 0, random, 2), matchesFile: true);
        yield return OfTable(mongo, "file lost", (_, _) => null, matchesFile: true);
        yield return new BadKind("two collections swapped", mongo, (_, good) => Swapped(good, PathOf(mongo, "entries"), PathOf(mongo, "labels"), "entries"));
        yield return File(mongo, "metadata cut off", "journal/labels.metadata.json", (random, bytes) => bytes[..random.Next(1, bytes.Length - 1)]);
        yield return File(mongo, "metadata of another collection", "journal/labels.metadata.json", (_, bytes) =>
            Replaced(bytes, "\"collectionName\":\"labels\""u8, "\"collectionName\":\"levels\""u8), named: "labels");
        yield return File(mongo, "unknown collection", "journal/other.bson", (_, _) => [5, 0, 0, 0, 0], named: "journal/other.bson");
        yield return File(mongo, "unknown file", "journal/other.txt", (_, _) => "text"u8.ToArray());
        yield return new BadKind("metadata lost since it was recorded", mongo, (_, good) => (
            good.With("journal/labels.metadata.json", null).Recording(good), mongo));
        yield return new BadKind("metadata lost", mongo, (_, good) => (good.With("journal/labels.metadata.json", null), "journal/labels.bson"));
    }

    private static IEnumerable<BadKind> Folder()
    {
        const string code = "code";
        yield return new BadKind("file lost", code, (random, good) => (good.With($"src/file {random.Next(3, 6)}.bin", null).Recording(good), code));
        yield return new BadKind("file too many", code, (_, good) => (good.With("src/new.bin", [1]).Recording(good), code));
        yield return new BadKind("file altered", code, (random, good) => (
            good.Change($"src/file {random.Next(3, 6)}.bin", bytes => Overwrite(bytes, random.Next(400), random, 3)).Recording(good), code));
        yield return new BadKind("file emptied", code, (random, good) => (good.With($"src/file {random.Next(3, 6)}.bin", []).Recording(good), code));
        yield return new BadKind("files swapped", code, (_, good) =>
            (Swapped(good, "src/file 4.bin", "src/file 5.bin", code).Bad.Recording(good), code));
        yield return new BadKind("content shorter than its folder lists", code, (_, good) => (
            good.Change("src/file 3.bin", bytes => bytes[..^7]) with
            {
                ListedBytes = new Dictionary<string, long> { ["src/file 3.bin"] = good.Files["src/file 3.bin"].Length },
                RecordedLike = good,
            },
            "src/file 3.bin"));
    }

    private static IEnumerable<BadKind> Manifests()
    {
        foreach (var source in new[] { "lite", "pg", "my", "mongo" })
        {
            yield return Entry(source, "count of rows altered", (random, entry) => entry with { Rows = entry.Rows + random.Next(1, 9), Fingerprint = null });
            yield return Entry(source, "fingerprint altered", (random, entry) =>
                entry with { Fingerprint = $"{entry.Rows}:{random.NextInt64():x16}{random.NextInt64():x16}" });
            yield return new BadKind("entry that is not in the backup", source, (random, good) =>
            {
                var like = good.Entries.First(entry => entry.Rows > 0);
                var file = source == "lite" ? like.File : like.File + ".more";
                return (good.WithEntries(entries => [.. entries, like with { Name = "journal.lost", File = file }]), "journal.lost");
            });
            yield return new BadKind("entry that is not in the manifest", source, (random, good) =>
            {
                var gone = good.Entries.Where(entry => entry.Kind is "table" or "collection").ElementAt(random.Next(3));
                return (good.WithEntries(entries => entries.Where(entry => entry != gone)), gone.Name);
            });
        }
        foreach (var source in new[] { "pg", "my", "mongo" })
        {
            yield return Entry(source, "count of bytes altered", (random, entry) => entry with { Bytes = entry.Bytes + random.Next(1, 9) });
            yield return new BadKind("entries that were never recorded", source, (_, good) => (good.WithEntries(_ => []), source));
        }
        yield return new BadKind("count of files altered", "code", (_, good) => (good.Recording(good.With("src/x", [])), "code"));
        yield return new BadKind("count of bytes altered", "code", (_, good) => (good.Recording(good.With("src/file 4.bin", [1])), "code"));
    }

    private static BadKind Statement(string name, Func<string, string> sql) => new(name, "lite", (random, good) =>
    {
        var table = SampleSources.Tables[random.Next(3)];
        return (good.Change("journal.db", bytes => SampleSources.Execute(bytes, sql(table))), table);
    });

    private static BadKind Fixed(string name, string sql, string named) =>
        new(name, "lite", (_, good) => (good.Change("journal.db", bytes => SampleSources.Execute(bytes, sql)), named));

    private static BadKind OfTable(string source, string name, Func<Random, byte[], byte[]?> change, bool matchesFile = false) =>
        new(name, source, (random, good) =>
        {
            var table = SampleSources.Tables[random.Next(3)];
            var path = PathOf(source, table);
            return (good.With(path, change(random, [.. good.Files[path]])), matchesFile ? path : table);
        });

    private static BadKind File(string source, string name, string path, Func<Random, byte[], byte[]?> change, string? named = null) =>
        new(name, source, (random, good) => (good.With(path, change(random, [.. good.Files.GetValueOrDefault(path) ?? []])), named ?? path));

    private static BadKind Entry(string source, string name, Func<Random, ManifestEntry, ManifestEntry> change) => new(name, source, (random, good) =>
    {
        var chosen = good.Entries.Where(entry => entry.Kind is "table" or "collection").ElementAt(random.Next(3));
        return (good.WithEntries(entries => entries.Select(entry => entry == chosen ? change(random, entry) : entry)), chosen.Name);
    });

    private static string PathOf(string source, string table) => source switch
    {
        "pg" => $"journal/{3363 + Array.IndexOf(SampleSources.Tables, table)}.dat",
        "my" => $"journal/3-rows-{table}.sql",
        _ => $"journal/{table}.bson",
    };

    private static (SampleSource Bad, string Named) Swapped(SampleSource good, string one, string other, string named) =>
        (good.With(one, good.Files[other]).With(other, good.Files[one]), named);

    private static byte[] Lines(byte[] bytes, Action<List<string>> change)
    {
        var lines = Encoding.UTF8.GetString(bytes).Split('\n').ToList();
        change(lines);
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    /// <summary>One letter of one row's text.</summary>
    private static byte[] AlteredText(Random random, byte[] bytes)
    {
        var letters = Enumerable.Range(0, bytes.Length).Where(i => IsInText(bytes, i)).ToList();
        bytes[letters[random.Next(letters.Count)]] ^= 1;
        return bytes;
    }

    // Every row's text begins with the name of its table and a blank.
    private static bool IsInText(byte[] bytes, int at) =>
        at > 8 && bytes[at] is >= (byte)'a' and <= (byte)'z' && bytes[at - 1] == ' ' && SampleSources.Tables.Any(table =>
            bytes.AsSpan(0, at - 1).EndsWith(Encoding.UTF8.GetBytes(table)));

    private static byte[] Overwrite(byte[] bytes, int at, Random random, int count)
    {
        for (var i = at; i < at + count; i++)
        {
            bytes[i] ^= (byte)random.Next(1, 256);
        }
        return bytes;
    }

    private static byte[] Zeros(byte[] bytes, int from)
    {
        bytes.AsSpan(from).Clear();
        return bytes;
    }

    private static byte[] Replaced(byte[] bytes, ReadOnlySpan<byte> what, ReadOnlySpan<byte> by)
    {
        var at = bytes.AsSpan().IndexOf(what);
        Assert.True(at >= 0, "There is nothing to spoil.");
        return [.. bytes[..at], .. by, .. bytes[(at + what.Length)..]];
    }
}
