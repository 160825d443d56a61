using System.Text;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MySql;

[Trait("Kind", "server")]
public sealed class MySqlContractTests(MariaDbFixture fixture) : SourceContract, IAsyncLifetime
{
    private MySqlSandbox sandbox = null!;
    private string database = "";

    public async ValueTask InitializeAsync()
    {
        sandbox = new MySqlSandbox(await fixture.GetAsync());
        database = await sandbox.CreateAsync(
            """
            CREATE TABLE notes(id INT PRIMARY KEY, body VARBINARY(600), said TEXT);
            INSERT INTO notes SELECT seq, RANDOM_BYTES(500), CONCAT('it''s \\ ', seq) FROM seq_1_to_1000;
            CREATE TABLE none(id INT);
            CREATE VIEW latest AS SELECT MAX(id) FROM notes;
            CREATE TRIGGER t BEFORE INSERT ON none FOR EACH ROW SET NEW.id = 1;
            """);
    }

    protected override ISource Create() => sandbox.Source(database);

    protected override ISource CreateMissing() => sandbox.Source("nowhere");

    protected override async Task AssertContentAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        Assert.Equal(
            ["1-database.sql", "2-tables.sql", "3-rows-none.sql", "3-rows-notes.sql", "4-after.sql"],
            files.Keys.Select(path => path[(database.Length + 1)..]).Order(StringComparer.Ordinal));
        var copy = sandbox.NewName();
        await sandbox.Server.ExecuteAsync($"CREATE DATABASE `{copy}` DEFAULT CHARACTER SET utf8mb4");
        foreach (var path in files.Keys.Where(path => !path.EndsWith("/1-database.sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            await sandbox.Server.ExecuteAsync(Encoding.UTF8.GetString(files[path]), copy);
        }
        Assert.Equal(await sandbox.DescribeAsync(database), await sandbox.DescribeAsync(copy));
        Assert.Equal(await SumAsync(database), await SumAsync(copy));
    }

    protected override IReadOnlyList<string> FindLeftovers() => sandbox.FindLeftovers();

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    private Task<string> SumAsync(string name) => sandbox.Server.ExecuteAsync(
        "SELECT COUNT(*), SUM(CRC32(CONCAT(id, HEX(body), said))) FROM notes", name);
}
