using System.Globalization;
using System.Text;
using Larder.Engine.Catalog;
using Larder.Testing;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Tests.Verify.Planted;

/// <summary>Sound sources of every engine, small, their rows from a seed.</summary>
internal static class SampleSources
{
    public static readonly string[] Tables = ["entries", "labels", "pictures"];

    private static readonly string[] Words =
        ["naïve", "Übung", "日記", "plain", "tab\\t", "emoji 🙂", "quote '", "percent %", "long " + new string('x', 300)];

    /// <param name="random">Gives the rows.</param>
    /// <param name="rows">About how many the first table has; the others have half and a quarter.</param>
    public static async Task<IReadOnlyList<SampleSource>> MakeAsync(Random random, int rows) =>
    [
        await Sqlite(random, rows).MeasuredAsync(),
        await PostgreSql(random, rows).MeasuredAsync(),
        await MongoDb(random, rows).MeasuredAsync(),
        await MySql(random, rows).MeasuredAsync(),
        Folder(random),
    ];

    private static IEnumerable<(int Id, string Text)> Rows(Random random, string table, int rows)
    {
        var count = Math.Max(4, (rows >> Array.IndexOf(Tables, table)) + random.Next(3));
        for (var id = 1; id <= count; id++)
        {
            yield return (id, $"{table} {Words[random.Next(Words.Length)]} {random.Next(1_000_000)}");
        }
    }

    private static SampleSource Sqlite(Random random, int rows)
    {
        var path = Path.Combine(Path.GetTempPath(), $"larder-sample-{Guid.NewGuid():N}.db");
        try
        {
            Execute(path, "CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT); CREATE TABLE labels (id INTEGER PRIMARY KEY, text TEXT);"
                + "CREATE TABLE pictures (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX by_text ON entries (text);"
                + "CREATE VIEW today AS SELECT * FROM entries; CREATE TRIGGER gone AFTER DELETE ON labels BEGIN SELECT 1; END;"
                + string.Concat(Tables.SelectMany(table => Rows(random, table, rows)
                    .Select(row => $"INSERT INTO {table} VALUES ({row.Id}, '{row.Text.Replace("'", "''", StringComparison.Ordinal)}');"))));
            return new SampleSource
            {
                Name = "lite",
                Engine = "sqlite",
                Files = new Dictionary<string, byte[]> { ["journal.db"] = File.ReadAllBytes(path) },
                Entries = [],
            };
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Changes a database by statements, as a faulty program would.</summary>
    public static byte[] Execute(byte[] database, string sql)
    {
        var path = Path.Combine(Path.GetTempPath(), $"larder-sample-{Guid.NewGuid():N}.db");
        try
        {
            using (var file = File.Create(path))
            {
                file.Write(database);
            }
            Execute(path, sql);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Execute(string path, string sql)
    {
        SystemSqlite.EnsureJoined();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous=OFF; BEGIN;" + sql + "; COMMIT;";
        command.ExecuteNonQuery();
    }

    private static SampleSource PostgreSql(Random random, int rows)
    {
        var files = Dump("postgresql");
        foreach (var (table, file) in Tables.Zip(["3363", "3364", "3365"]))
        {
            var text = new StringBuilder();
            foreach (var row in Rows(random, table, rows))
            {
                text.Append(string.Create(CultureInfo.InvariantCulture, $"{row.Id}\t"))
                    .Append(table == "entries" ? $"2026-01-02\t{row.Text}\tgood\n" : $"1\t{row.Text}\n");
            }
            files[$"journal/{file}.dat"] = Encoding.UTF8.GetBytes(text.Append("\\.\n\n\n").ToString());
        }
        var picture = new byte[random.Next(100, 3000)];
        random.NextBytes(picture);
        files["journal/blob_4711.dat"] = picture;
        return new SampleSource { Name = "pg", Engine = "postgresql", Files = files, Entries = [] };
    }

    private static SampleSource MySql(Random random, int rows)
    {
        var files = Dump("mysql");
        foreach (var table in Tables)
        {
            var path = $"journal/3-rows-{table}.sql";
            var lines = Encoding.UTF8.GetString(files[path]).Split('\n').ToList();
            var insert = lines.FindIndex(line => line.StartsWith("INSERT", StringComparison.Ordinal));
            lines.RemoveAll(line => line.StartsWith('('));
            var values = Rows(random, table, rows)
                .Select(row => (row.Id, Text: row.Text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)))
                .Select(row => table == "entries" ? $"({row.Id},'2026-01-01','{row.Text}')" : $"({row.Id},1,'{row.Text}')");
            lines.Insert(insert + 1, string.Join(",\n", values) + ";");
            files[path] = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        }
        return new SampleSource { Name = "my", Engine = "mysql", Files = files, Entries = [] };
    }

    private static SampleSource MongoDb(Random random, int rows)
    {
        var files = new Dictionary<string, byte[]> { ["journal/prelude.json"] = "{\"ServerVersion\":\"7.0.15\",\"ToolVersion\":\"100.7.0\"}\n"u8.ToArray() };
        foreach (var table in Tables)
        {
            files[$"journal/{table}.bson"] = [.. Rows(random, table, rows).SelectMany(row => Document(row.Id, row.Text))];
            files[$"journal/{table}.metadata.json"] = Encoding.UTF8.GetBytes(
                "{\"indexes\":[{\"v\":{\"$numberInt\":\"2\"},\"key\":{\"_id\":{\"$numberInt\":\"1\"}},\"name\":\"_id_\"}],"
                + $"\"uuid\":\"{random.NextInt64():x16}{random.NextInt64():x16}\",\"collectionName\":\"{table}\",\"type\":\"collection\"}}");
        }
        return new SampleSource { Name = "mongo", Engine = "mongodb", Files = files, Entries = [] };
    }

    /// <summary>{ _id: int32, text: string }, by bsonspec.org.</summary>
    private static byte[] Document(int id, string text)
    {
        var content = Encoding.UTF8.GetBytes(text);
        byte[] body = [0x10, .. "_id\0"u8, .. BitConverter.GetBytes(id), 0x02, .. "text\0"u8, .. BitConverter.GetBytes(content.Length + 1), .. content, 0, 0];
        return [.. BitConverter.GetBytes(body.Length + 4), .. body];
    }

    private static SampleSource Folder(Random random)
    {
        var files = new Dictionary<string, byte[]>();
        for (var i = 0; i < 6; i++)
        {
            var content = new byte[random.Next(500, 1500)];
            random.NextBytes(content);
            files[$"src/{(i < 3 ? "deep/" : "")}file {i}.bin"] = content;
        }
        return new SampleSource { Name = "code", Engine = "files", Files = files, Entries = [] };
    }

    private static Dictionary<string, byte[]> Dump(string engine)
    {
        var folder = RepositoryRoot.Combine("tests", "Larder.Engine.Tests", "Verify", "Planted", "dumps", engine);
        return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(folder, file), File.ReadAllBytes);
    }
}
