using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

[Trait("Kind", "server")]
public sealed class PostgreSqlSourceTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_split_folder_is_restored_by_stock_pg_restore_without_a_difference()
    {
        var (server, database) = await MakeAsync();
        await using var folder = new TemporaryFolder();
        var dumped = await StoredSession.WriteAsync(StoredSession.Settings(server, database), folder.FullPath, Cancellation);

        var restored = database + "_restored";
        await server.CreateDatabaseAsync(restored, Cancellation);
        (await ChildProcess.RunAsync(
            server.Tool("pg_restore", "-Fd", "-j", "2", "--exit-on-error", "-d", restored, folder[database]), Cancellation)).Expect();

        Assert.Equal(
            await StoredSession.DescribeSchemaAsync(server, database, Cancellation),
            await StoredSession.DescribeSchemaAsync(server, restored, Cancellation));
        await using var again = new TemporaryFolder();
        var read = await StoredSession.WriteAsync(StoredSession.Settings(server, restored), again.FullPath, Cancellation);
        Assert.Equal(Facts(dumped, database), Facts(read, restored));
        Assert.Equal(16, Facts(dumped, database).Count); // 15 tables and the list of large objects.
    }

    [Fact]
    public async Task The_split_folder_holds_the_files_of_pg_dumps_own_directory_format()
    {
        var (server, database) = await MakeAsync();
        await using var folder = new TemporaryFolder();
        await StoredSession.WriteAsync(StoredSession.Settings(server, database), folder.FullPath, Cancellation);
        (await ChildProcess.RunAsync(server.Tool("pg_dump", "-Fd", "-Z0", "-f", folder["theirs"], database), Cancellation)).Expect();

        var theirs = Directory.GetFiles(folder["theirs"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToList();
        var ours = Directory.GetFiles(folder[database]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(theirs, ours);
        foreach (var name in theirs.Where(name => name != "toc.dat")) // It holds the date of the dump.
        {
            Assert.Equal(
                await File.ReadAllBytesAsync(folder.Combine("theirs", name), Cancellation),
                await File.ReadAllBytesAsync(folder.Combine(database, name), Cancellation));
        }
    }

    private async Task<(PostgresServer Server, string Database)> MakeAsync()
    {
        var server = await shared.GetAsync(Cancellation);
        var database = shared.NameDatabase("features");
        await FeatureDatabase.MakeAsync(server, database, Cancellation);
        return (server, database);
    }

    private static List<(string Name, string Kind, long? Rows, Fingerprint? Fingerprint)> Facts(SourceOutcome outcome, string database) =>
    [
        .. outcome.Entries.Where(facts => facts.Kind != "globals")
            .Select(facts => (facts.Name[database.Length..], facts.Kind, facts.Rows, facts.Fingerprint))
            .OrderBy(facts => facts.Item1, StringComparer.Ordinal),
    ];
}
