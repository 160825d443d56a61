using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql;

[Trait("Kind", "server")]
public sealed class ArchiveTocTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_table_of_contents_of_a_custom_archive_is_written_back_byte_for_byte()
    {
        var (server, database) = await MakeAsync();
        await using var folder = new TemporaryFolder();
        (await ChildProcess.RunAsync(server.Tool("pg_dump", "-Fc", "-Z0", "-f", folder["a.dump"], database), Cancellation)).Expect();

        await using var file = File.OpenRead(folder["a.dump"]);
        var toc = await ArchiveToc.ReadAsync(file, Cancellation);
        var bytes = toc.ToBytes();

        Assert.Equal(await ReadStartAsync(folder["a.dump"], bytes.Length), bytes);
        Assert.Equal("UTF8", toc.RowEncoding);
        Assert.Equal(database, toc.Header.DatabaseName);
        Assert.Contains(toc.Entries, entry => entry is { Kind: "TABLE DATA", Tag: "größe \"x\"\n2", Schema: "odd", HasData: true });
    }

    [Fact]
    public async Task Turned_into_a_directorys_it_is_what_pg_dump_itself_writes_there()
    {
        var (server, database) = await MakeAsync();
        await using var folder = new TemporaryFolder();
        (await ChildProcess.RunAsync(server.Tool("pg_dump", "-Fc", "-Z0", "-f", folder["a.dump"], database), Cancellation)).Expect();
        (await ChildProcess.RunAsync(server.Tool("pg_dump", "-Fd", "-Z0", "-f", folder["a"], database), Cancellation)).Expect();

        await using var file = File.OpenRead(folder["a.dump"]);
        await using var theirs = File.OpenRead(folder.Combine("a", "toc.dat"));
        var toc = (await ArchiveToc.ReadAsync(file, Cancellation)).ToDirectory();
        var date = (await ArchiveToc.ReadAsync(theirs, Cancellation)).Header.CreatedAt; // The two began seconds apart.

        var ours = toc with { Header = toc.Header with { CreatedAt = date } };
        Assert.Equal(await File.ReadAllBytesAsync(folder.Combine("a", "toc.dat"), Cancellation), ours.ToBytes());
    }

    [Fact]
    public async Task A_table_of_contents_cut_off_anywhere_is_damaged()
    {
        var (server, database) = await MakeAsync();
        await using var folder = new TemporaryFolder();
        (await ChildProcess.RunAsync(server.Tool("pg_dump", "-Fd", "-Z0", "-f", folder["a"], database), Cancellation)).Expect();
        var whole = await File.ReadAllBytesAsync(folder.Combine("a", "toc.dat"), Cancellation);

        await SeededRandom.RunManyAsync(200, async random =>
        {
            using var cut = new MemoryStream(whole, 0, random.Next(whole.Length));
            var error = await Assert.ThrowsAsync<SourceException>(() => ArchiveToc.ReadAsync(cut, Cancellation));
            Assert.Equal(SourceError.Damaged, error.Error);
        });
    }

    private async Task<(PostgresServer Server, string Database)> MakeAsync()
    {
        var server = await shared.GetAsync(Cancellation);
        var database = shared.NameDatabase("toc");
        await server.CreateDatabaseAsync(database, Cancellation);
        await server.ExecuteAsync(
            database,
            """
            CREATE SCHEMA odd;
            CREATE TABLE odd."größe ""x""
            2" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "naïve" text);
            INSERT INTO odd."größe ""x""
            2" ("naïve") SELECT 'ö' || n FROM generate_series(1, 10) n;
            COMMENT ON SCHEMA odd IS 'odd ''names''';
            CREATE TABLE plain (a int, b text);
            CREATE INDEX ON plain (b);
            SELECT lo_from_bytea(0, 'large');
            """,
            Cancellation);
        return (server, database);
    }

    private static async Task<byte[]> ReadStartAsync(string path, int count)
    {
        var start = new byte[count];
        await using var file = File.OpenRead(path);
        await file.ReadExactlyAsync(start, Cancellation);
        return start;
    }
}
