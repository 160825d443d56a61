using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

[Trait("Kind", "server")]
public sealed class PostgreSqlCheckTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stored_dump_has_the_facts_that_were_taken_while_dumping()
    {
        await using var folder = new TemporaryFolder();
        var (_, dumped) = await DumpAsync(folder);
        long read = 0;
        var found = await new PostgreSqlCheck().ReadFactsAsync(new FolderDump(folder.FullPath), bytes => read += bytes, Cancellation);

        Assert.Equal(dumped.Entries.Select(facts => facts with { Duration = null }), found);
        Assert.Equal(new FolderDump(folder.FullPath).Files.Sum(file => file.Bytes), read);
    }

    [Fact]
    public async Task Any_data_file_cut_short_is_damaged_or_has_other_facts()
    {
        await using var folder = new TemporaryFolder();
        var (database, dumped) = await DumpAsync(folder);
        await SeededRandom.RunManyAsync(60, async random =>
        {
            var files = Directory.GetFiles(folder[database]).Where(file => new FileInfo(file).Length > 0).Order(StringComparer.Ordinal);
            var path = random.GetItems(files.ToArray(), 1)[0];
            var whole = await File.ReadAllBytesAsync(path, Cancellation);
            await WriteAsync(path, whole.AsMemory(0, random.Next(whole.Length)));
            try
            {
                // The two line feeds behind the end of the rows are no loss.
                var facts = await new PostgreSqlCheck().ReadFactsAsync(new FolderDump(folder.FullPath), _ => { }, Cancellation);
                Assert.NotEqual(dumped.Entries.Select(fact => fact with { Duration = null }), facts);
            }
            catch (SourceException error)
            {
                Assert.Equal(SourceError.Damaged, error.Error);
            }
            await WriteAsync(path, whole);
        });
    }

    [Fact]
    public async Task A_missing_data_file_is_named()
    {
        await using var folder = new TemporaryFolder();
        var (database, dumped) = await DumpAsync(folder);
        var lost = dumped.Entries.First(facts => facts.Name == $"{database}.public.people").File;
        File.Delete(folder[lost]);
        var error = await Assert.ThrowsAsync<SourceException>(
            () => new PostgreSqlCheck().ReadFactsAsync(new FolderDump(folder.FullPath), _ => { }, Cancellation));
        Assert.Equal(SourceError.Damaged, error.Error);
        Assert.Contains(lost, error.Message, StringComparison.Ordinal);
    }

    private async Task<(string Database, SourceOutcome Outcome)> DumpAsync(TemporaryFolder folder)
    {
        var server = await shared.GetAsync(Cancellation);
        var database = shared.NameDatabase("check");
        await FeatureDatabase.MakeAsync(server, database, Cancellation);
        return (database, await StoredSession.WriteAsync(StoredSession.Settings(server, database), folder.FullPath, Cancellation));
    }

    private static async Task WriteAsync(string path, ReadOnlyMemory<byte> bytes)
    {
        await using var file = File.Create(path);
        await file.WriteAsync(bytes, Cancellation);
    }
}
