using Larder.Sources.PostgreSql.Restore;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

[Trait("Kind", "server")]
public sealed class PostgreSqlScriptTextTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_script_of_a_dump_makes_the_same_database_with_psql()
    {
        var server = await shared.GetAsync(Cancellation);
        var database = shared.NameDatabase("features");
        await FeatureDatabase.MakeAsync(server, database, Cancellation);
        await using var folder = new TemporaryFolder();
        foreach (var name in new[] { "dump", "again" })
        {
            Directory.CreateDirectory(folder[name]);
        }
        var dumped = await StoredSession.WriteAsync(StoredSession.Settings(server, database), folder["dump"], Cancellation);
        var dump = new FolderDump(folder["dump"]);
        var script = new PostgreSqlScriptText(TimeProvider.System);
        Assert.Equal([database], await script.ListAsync(dump, Cancellation));

        var read = 0L;
        await using (var file = File.Create(folder["script.sql"]))
        {
            await script.WriteAsync(dump, database, file, count => Interlocked.Add(ref read, count), Cancellation);
        }

        Assert.Equal(Directory.GetFiles(folder[$"dump/{database}"], "*.dat").Where(path => !path.EndsWith("toc.dat", StringComparison.Ordinal)).Sum(path => new FileInfo(path).Length), read);
        var restored = database + "_script";
        await server.CreateDatabaseAsync(restored, Cancellation);
        (await ChildProcess.RunAsync(
            server.Tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", restored, "-f", folder["script.sql"]), Cancellation)).Expect();
        Assert.Equal(
            await StoredSession.DescribeSchemaAsync(server, database, Cancellation),
            await StoredSession.DescribeSchemaAsync(server, restored, Cancellation));
        var again = await StoredSession.WriteAsync(StoredSession.Settings(server, restored), folder["again"], Cancellation);
        Assert.Equal(Facts(dumped, database), Facts(again, restored));
    }

    [Fact]
    public async Task A_dump_that_lacks_a_file_is_damaged()
    {
        var server = await shared.GetAsync(Cancellation);
        var database = shared.NameDatabase("lacking");
        await FeatureDatabase.MakeAsync(server, database, Cancellation);
        await using var folder = new TemporaryFolder();
        await StoredSession.WriteAsync(StoredSession.Settings(server, database), folder.FullPath, Cancellation);
        File.Delete(Directory.GetFiles(folder[database], "blob_*.dat")[0]);

        var failure = await Assert.ThrowsAsync<SourceException>(() => new PostgreSqlScriptText(TimeProvider.System)
            .WriteAsync(new FolderDump(folder.FullPath), database, Stream.Null, _ => { }, Cancellation));

        Assert.Equal(SourceError.Damaged, failure.Error);
    }

    private static List<(string Name, string Kind, long? Rows, Fingerprint? Fingerprint)> Facts(SourceOutcome outcome, string database) =>
    [
        .. outcome.Entries.Where(facts => facts.Kind != "globals")
            .Select(facts => (facts.Name[database.Length..], facts.Kind, facts.Rows, facts.Fingerprint))
            .OrderBy(facts => facts.Item1, StringComparer.Ordinal),
    ];
}
