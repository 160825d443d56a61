using Larder.Sources.Sqlite;
using Larder.Testing;

namespace Larder.Sources.Tests.Sqlite;

public sealed class SqliteContractTests : SourceContract, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string path;
    private readonly string temporary;

    public SqliteContractTests()
    {
        path = folder["app.sqlite"];
        temporary = folder.Make("tmp");
        TestDatabase.Execute(
            path,
            "PRAGMA journal_mode=WAL",
            "CREATE TABLE notes(id INTEGER PRIMARY KEY, body BLOB)",
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<1000) INSERT INTO notes SELECT i, randomblob(500) FROM n");
    }

    protected override ISource Create() => new SqliteSource(new SqliteSettings { Path = path }, TimeProvider.System, temporary);

    protected override ISource CreateMissing() =>
        new SqliteSource(new SqliteSettings { Path = folder["none.sqlite"] }, TimeProvider.System, temporary);

    protected override async Task AssertContentAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        var copy = folder["copy.sqlite"];
        await File.WriteAllBytesAsync(copy, Assert.Single(files).Value);
        Assert.Equal("app.sqlite", files.Keys.Single());
        Assert.Equal(
            await SqliteCheck.InspectAsync(path, "x", CancellationToken.None),
            await SqliteCheck.InspectAsync(copy, "x", CancellationToken.None));
        File.Delete(copy);
    }

    protected override IReadOnlyList<string> FindLeftovers() =>
        [.. Directory.EnumerateFiles(temporary), .. folder.Names.Where(name => name.StartsWith("app.sqlite-", StringComparison.Ordinal))];

    public void Dispose() => folder.Dispose();
}
