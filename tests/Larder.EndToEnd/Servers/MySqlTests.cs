using System.Globalization;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Servers;

[Trait("Kind", "server")]
public sealed class MySqlTests(DatabaseServers servers)
{
    private const string Account = "larder";
    private const string AccountPassword = "p:a@ss/w%rd";

    [Fact]
    public async Task A_database_is_proven_and_restored_beside_in_place_and_without_larder()
    {
        var server = await servers.MariaDbAsync();
        var (name, copy, byHand) = (await MakeAsync(server), servers.NameDatabase("copy"), servers.NameDatabase("byhand"));
        await using var desk = await ServerDesk.CreateAsync("mysql", Url(server, name));
        var before = await DescribeAsync(server, name);

        Assert.Equal("success", (await desk.BackUpAsync()).GetProperty("status").GetString());
        await desk.Larder.ExpectAsync(0, "verify", "app:latest", "--level", "content");
        await desk.RestoreAsync("--target", Url(server, copy));
        Assert.Equal(before, await DescribeAsync(server, copy));

        var folder = Path.Combine(await desk.RestoreByResticAsync(), name);
        await server.ExecuteAsync($"CREATE DATABASE {byHand}");
        var script = string.Concat(Directory.GetFiles(folder).Order(StringComparer.Ordinal)
            .Where(file => !file.EndsWith("1-database.sql", StringComparison.Ordinal)).Select(File.ReadAllText));
        await server.ExecuteAsync(script, byHand);
        Assert.Equal(before, await DescribeAsync(server, byHand));

        // Last: it makes a safety backup, which is what restic takes for the latest.
        await server.ExecuteAsync("DELETE FROM entries; DROP TRIGGER stamped;", name);
        await desk.RestoreAsync();
        Assert.Equal(before, await DescribeAsync(server, name));
    }

    [Fact]
    public async Task What_cannot_be_reached_fails_clearly_and_leaves_no_backup()
    {
        const string wrong = "not-the-password";
        var server = await servers.MariaDbAsync();
        var name = await MakeAsync(server);
        await using var desk = await ServerDesk.CreateAsync("mysql", Url(server, name));

        desk.Url = Url(server, name, wrong);
        await desk.FailAsync(1, "LARDER-061", wrong, "backup");
        desk.Url = Url(server, "no_such_database");
        await desk.FailAsync(1, "LARDER-060", AccountPassword, "backup");
        desk.Url = "mysql://larder@127.0.0.1:1/app";
        await desk.FailAsync(1, "LARDER-062", wrong, "backup");
    }

    private async Task<string> MakeAsync(MariaDbServer server)
    {
        var name = servers.NameDatabase("app");
        await server.ExecuteAsync($"""
            CREATE DATABASE {name};
            CREATE OR REPLACE USER '{Account}'@'%' IDENTIFIED BY '{AccountPassword}';
            GRANT ALL ON *.* TO '{Account}'@'%';
            CREATE OR REPLACE USER '{Account}'@'localhost' IDENTIFIED BY '{AccountPassword}';
            GRANT ALL ON *.* TO '{Account}'@'localhost';
            """);
        await server.ExecuteAsync("""
            CREATE TABLE entries (id INT PRIMARY KEY AUTO_INCREMENT, text VARCHAR(100), made DATETIME DEFAULT '2024-01-01');
            INSERT INTO entries (text) SELECT CONCAT('entry ', seq, ' äß€') FROM seq_1_to_2000;
            CREATE VIEW texts AS SELECT text FROM entries;
            CREATE TRIGGER stamped BEFORE INSERT ON entries FOR EACH ROW SET NEW.made = '2024-02-02';
            CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2;
            """, name);
        return name;
    }

    private static string Url(MariaDbServer server, string database, string password = AccountPassword) => string.Create(
        CultureInfo.InvariantCulture, $"mysql://{Account}:{Uri.EscapeDataString(password)}@127.0.0.1:{server.Port}/{database}");

    private static async Task<string> DescribeAsync(MariaDbServer server, string database)
    {
        var dumped = (await ChildProcess.RunAsync(server.Dump("--routines", "--triggers", "--skip-dump-date", "--no-tablespaces", database))).Expect().Output;
        return dumped.Replace(database, "DATABASE", StringComparison.Ordinal);
    }
}
