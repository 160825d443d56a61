using System.Text;
using Larder.EndToEnd.Servers;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Drills;

[Trait("Kind", "server")]
public sealed class MongoDbDrillTests(DatabaseServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_good_backup_passes_with_every_document_read_back_and_its_commands_asked()
    {
        await using var desk = await CreateAsync(
            ", assert: [{ source: db, command: '{ \"count\": \"entries\" }' }, { source: db, command: '{ \"find\": \"entries\", \"filter\": { \"_id\": 7 } }' }, "
            + "{ source: db, shell: \"test -n \\\"$LARDER_DRILL_URL\\\"\" }]");

        var said = await desk.DrillAsync(0);

        Assert.Equal(1000, DrillDesk.Entry(said, ".entries").GetProperty("rows").GetInt64());
        Assert.NotNull(DrillDesk.Entry(said, ".entries").GetProperty("fingerprint").GetString());
        Assert.Equal(3, said.GetProperty("assertions").EnumerateArray().Count(assertion => assertion.GetProperty("passed").GetBoolean()));
    }

    [Fact]
    public async Task A_backup_that_restores_to_other_content_fails_and_so_do_commands_that_find_nothing()
    {
        await using var desk = await CreateAsync(
            ", assert: [{ source: db, command: '{ \"count\": \"nothing\" }' }, { source: db, command: '{ \"find\": \"entries\", \"filter\": { \"_id\": 7000 } }' }, "
            + "{ source: db, command: '{ \"nonsense\": 1 }' }]");

        var said = await desk.DrillAsync(5, await desk.PlantAsync(manifest => manifest.WithOtherContent(".entries")));

        Assert.Contains("entries\" has other content", DrillDesk.Error(said), StringComparison.Ordinal);
        var messages = said.GetProperty("assertions").EnumerateArray().Select(assertion => assertion.GetProperty("message").GetString()!).ToList();
        Assert.Contains("n: 0", messages[0], StringComparison.Ordinal);
        Assert.Contains("empty first batch", messages[1], StringComparison.Ordinal);
        Assert.Contains("no such command", messages[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collection_that_only_a_replica_set_takes_is_drilled_in_one()
    {
        const string metadata = """
            {"options":{"changeStreamPreAndPostImages":{"enabled":true}},"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}],"collectionName":"entries","type":"collection"}
            """;
        await using var desk = await CreateAsync(", assert: [{ source: db, command: '{ \"count\": \"entries\" }' }]", metadata: metadata);

        var said = await desk.DrillAsync(0);

        Assert.Equal(1000, DrillDesk.Entry(said, ".entries").GetProperty("rows").GetInt64());
    }

    [Fact]
    public async Task Without_a_server_program_the_drill_says_which_is_missing_and_is_no_pass()
    {
        await using var desk = await CreateAsync("", withProgram: false);

        var said = await desk.DrillAsync(1);

        Assert.Equal("LARDER-064", DrillDesk.Code(said));
        Assert.Contains("mongod", DrillDesk.Error(said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drill_that_is_killed_leaves_no_process_and_no_folder()
    {
        await using var desk = await CreateAsync(", assert: [{ source: db, shell: \"touch $MARK; sleep 600\" }]");
        desk.Larder.Environment["MARK"] = desk["asked"];
        foreach (var moment in new Func<bool>[]
        {
            () => desk.Leftovers.Folders.Any(folder => File.Exists(Path.Combine(folder, "data", "mongod.lock"))),
            () => File.Exists(desk["asked"]),
        })
        {
            await using var drill = desk.Larder.Start("drill");
            await Leftovers.UntilAsync(() => moment() || drill.Completion.IsCompleted, () => "The moment did not come.");
            drill.Kill();
            Assert.Equal(ChildResult.KilledStatus, (await drill.Completion).ExitStatus);
            await desk.Leftovers.AssertNoneAsync();
        }
    }

    [Fact]
    public async Task A_scratch_server_keeps_nothing_of_a_drill()
    {
        var server = await servers.MongoAsync();
        await using var desk = await CreateAsync(
            $", servers: {{ db: \"{server.Url}\" }}, assert: [{{ source: db, command: '{{ \"count\": \"entries\" }}' }}]", withProgram: false);

        var said = await desk.DrillAsync(0);

        Assert.Equal(1000, DrillDesk.Entry(said, ".entries").GetProperty("rows").GetInt64());
        var dump = desk["all"];
        await MongoTools.DumpAsync(server.Url, dump);
        Assert.DoesNotContain(Directory.GetDirectories(dump), folder => folder.Contains("larder_drill", StringComparison.Ordinal));
    }

    private async Task<DrillDesk> CreateAsync(string drill, bool withProgram = true, string? metadata = null)
    {
        var server = await servers.MongoAsync();
        var name = servers.NameDatabase("drilled");
        await using var made = new TemporaryFolder();
        Directory.CreateDirectory(made.Combine("dump", name));
        await using (var file = File.Create(made.Combine("dump", name, "entries.bson")))
        {
            for (var i = 0; i < 1000; i++)
            {
                file.Write(Document(i, $"entry {i} äß€"));
            }
        }
        if (metadata is not null)
        {
            await File.WriteAllTextAsync(made.Combine("dump", name, "entries.metadata.json"), metadata, Token);
        }
        await MongoTools.RestoreAsync(server.Url, made.Combine("dump"), "--drop");
        var desk = await DrillDesk.CreateAsync("mongodb", server.Url, $", database: {name}", drill);
        if (withProgram)
        {
            await MongodProgram.MakeAsync(desk["bin"], Token);
            desk.Larder.Environment["PATH"] = $"{desk["bin"]}:{Environment.GetEnvironmentVariable("PATH")}";
        }
        return desk;
    }

    /// <summary>The BSON of <c>{ _id: id, text: text }</c>.</summary>
    private static byte[] Document(int id, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = 4 + 5 + 4 + 6 + 4 + bytes.Length + 1 + 1;
        return
        [
            .. BitConverter.GetBytes(length), 0x10, .. "_id\0"u8, .. BitConverter.GetBytes(id),
            0x02, .. "text\0"u8, .. BitConverter.GetBytes(bytes.Length + 1), .. bytes, 0, 0,
        ];
    }
}
