using System.Security.Cryptography;
using System.Text;
using Larder.EndToEnd.Drills;
using Larder.EndToEnd.Servers;
using Larder.Engine.Backups;
using Larder.Testing;

namespace Larder.EndToEnd.Restores;

/// <summary>
/// Each step of a restore fails by itself, through the real program: what stood there is live, all of it, the service runs, nothing is left
/// over, and the error says what happened and what to do.
/// </summary>
public abstract class StepFailureTests : IAsyncLifetime
{
    private LiveData data = null!;
    private string backup = "";

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected LiveData Data => data;

    private protected abstract Task<LiveData> CreateAsync();

    public async ValueTask InitializeAsync()
    {
        data = await CreateAsync();
        backup = (await data.Larder.JsonAsync("backup", "app")).GetProperty("backup_id").GetString()!;
        await data.ChangeAsync();
    }

    [Fact]
    public async Task The_service_does_not_stop()
    {
        await WithServiceAsync("stop: rm", "stop: echo it hangs; exit 1; rm");
        Assert.Contains("it hangs", await FailAsync(1, "LARDER-091"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_service_does_not_start_with_what_was_restored()
    {
        // Only the first time, so that it comes up with what was put back.
        await File.WriteAllTextAsync(data.PathOf("once"), "", Token);
        await WithServiceAsync("start: touch", $"start: if rm {data.PathOf("once")} 2>/dev/null; then echo port taken; exit 1; fi; touch");
        Assert.Contains("port taken", await FailAsync(1, "LARDER-091"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_health_check_is_red()
    {
        await WithServiceAsync("healthy: test -e", "healthy: echo 503; exit 1; test -e");
        Assert.Contains("503", await FailAsync(1, "LARDER-091"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_restored_is_not_what_the_manifest_recorded()
    {
        backup = await data.PlantAsync(manifest => manifest.WithRowLost(Entry));
        await FailAsync(1, "LARDER-091");
    }

    [Fact]
    public async Task The_disk_of_the_repository_is_full_during_the_safety_backup()
    {
        await using var disk = await SmallDisk.MountAsync(data.PathOf("repository"), freeKibibytes: 8);
        await FailAsync(1, "LARDER-054");
    }

    [Fact]
    public async Task The_disk_of_the_journal_is_full()
    {
        await using var disk = await SmallDisk.MountAsync(data.State, freeKibibytes: 0);
        await FailAsync(1, "LARDER-");
    }

    public async ValueTask DisposeAsync()
    {
        await data.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>An entry of rows.</summary>
    protected virtual string Entry => "entries";

    private protected void Choose(string planted) => backup = planted;

    /// <summary>Restores, which must fail so, and looks at everything.</summary>
    /// <returns>What it said.</returns>
    protected async Task<string> FailAsync(int exitStatus, string code)
    {
        var before = await data.FingerprintAsync();
        var beside = await data.ListBesideAsync();

        var said = (await data.Larder.RunAsync("restore", backup, "--confirm")).Expect(exitStatus).Error;

        Assert.Contains(code, said, StringComparison.Ordinal);
        Assert.Contains("HINT: ", said, StringComparison.Ordinal);
        Assert.Equal(before, await data.FingerprintAsync());
        Assert.True(data.IsServiceRunning, "The service was left stopped.");
        Assert.Equal(beside, await data.ListBesideAsync());
        Assert.Empty(data.Leftovers);
        Assert.All(JournalLines.List(data.State), path => Assert.Equal("Undone", JournalLines.Read(path).End));
        return said;
    }

    protected static async Task ShellAsync(string script) => (await ChildProcess.RunAsync(new("sh", "-ec", script))).Expect();

    private async Task WithServiceAsync(string part, string other)
    {
        var path = data.PathOf("larder.yaml");
        var mark = data.PathOf("running");
        var configuration = await File.ReadAllTextAsync(path, Token);
        Assert.Contains($"{part} {mark}", configuration, StringComparison.Ordinal);
        configuration = configuration.Replace($"{part} {mark}", $"{other.Replace(": ", ": '", StringComparison.Ordinal)} {mark}'", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, configuration, Token);
    }
}

public sealed class FileStepFailureTests : StepFailureTests
{
    private protected override async Task<LiveData> CreateAsync() => await FileLiveData.CreateAsync();

    protected override string Entry => "t";

    [Fact]
    public async Task The_disk_of_the_live_data_is_full()
    {
        // Files with holes take less than their length, so of a folder the plan only warns; the disk says the truth.
        var large = Path.Combine(Data.PathOf("www"), "site", "large");
        await File.WriteAllBytesAsync(large, RandomNumberGenerator.GetBytes(3_000_000), Token);
        Choose((await Data.Larder.JsonAsync("backup", "app")).GetProperty("backup_id").GetString()!);
        File.Delete(large);
        await using var disk = await SmallDisk.MountAsync(Data.PathOf("www"), freeKibibytes: 100);
        Assert.Contains("o space left", await FailAsync(1, "LARDER-"), StringComparison.Ordinal);
    }
}

[Trait("Kind", "server")]
public sealed class PostgreSqlStepFailureTests(DatabaseServers servers) : StepFailureTests
{
    private protected override async Task<LiveData> CreateAsync() =>
        await PostgreSqlLiveData.CreateAsync(await servers.PostgresAsync(), servers.NameDatabase("failing"));

    [Fact]
    public async Task The_dump_is_of_a_newer_server()
    {
        Choose(await Data.PlantAsync(manifest => manifest, TocOf, toc => Replaced(toc, "15."u8, "99."u8)));
        Assert.Contains("dumped from PostgreSQL 99", await FailAsync(4, "LARDER-034"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_disk_of_the_server_is_full()
    {
        var server = await servers.PostgresAsync();
        await using var place = new TemporaryFolder();
        File.SetUnixFileMode(place.FullPath, (UnixFileMode)0b111_101_101);
        var folder = place.Make("space");
        await ShellAsync($"mount -t tmpfs -o size=36m,mode=0777 tmpfs '{folder}'");
        var name = servers.NameDatabase("full");
        try
        {
            await ShellAsync($"mkdir -m 700 '{folder}/in'; chown postgres '{folder}/in'");
            await server.ExecuteAsync("postgres", $"CREATE TABLESPACE {name}_space LOCATION '{folder}/in'", Token);
            await using var data = await PostgreSqlLiveData.CreateAsync(server, name, $" TABLESPACE {name}_space");
            await server.ExecuteAsync(
                name, "CREATE TABLE large AS SELECT n, repeat(md5(n::text), 30) AS text FROM generate_series(1, 14000) n", Token);
            var full = (await data.Larder.JsonAsync("backup", "app")).GetProperty("backup_id").GetString()!;
            await data.ChangeAsync();
            var before = await data.FingerprintAsync();

            var said = (await data.Larder.RunAsync("restore", full, "--confirm")).Expect(1).Error;

            Assert.Contains("o space left", said, StringComparison.Ordinal);
            Assert.Contains("HINT: ", said, StringComparison.Ordinal);
            Assert.Equal(before, await data.FingerprintAsync());
            Assert.True(data.IsServiceRunning, said);
            // On a full disk the server does not even drop a database; when there is room, what is left goes.
            await ShellAsync($"mount -o remount,size=200m '{folder}'");
            (await data.Larder.RunAsync("restore", "--resume")).Expect();
            Assert.Equal(before, await data.FingerprintAsync());
            Assert.Empty(await data.ListBesideAsync());
            Assert.Empty(data.Leftovers);
            await server.DropDatabaseAsync(name, Token);
            await server.ExecuteAsync("postgres", $"DROP TABLESPACE {name}_space", Token);
        }
        finally
        {
            await ShellAsync($"umount --lazy '{folder}'");
        }
    }

    private static string TocOf(Manifest manifest) =>
        manifest.Sources[0].Entries.Select(entry => entry.File).First(file => file.Contains('/', StringComparison.Ordinal)).Split('/')[0] + "/toc.dat";

    /// <summary>The version of the server comes first in a table of contents, that of pg_dump after it.</summary>
    private static byte[] Replaced(byte[] bytes, ReadOnlySpan<byte> part, ReadOnlySpan<byte> other)
    {
        var at = bytes.AsSpan().IndexOf(part);
        Assert.True(at > 0, Encoding.Latin1.GetString(bytes.AsSpan(0, 200)));
        var changed = bytes.ToArray();
        other.CopyTo(changed.AsSpan(at));
        return changed;
    }
}

[Trait("Kind", "server")]
public sealed class MongoDbStepFailureTests(DatabaseServers servers) : StepFailureTests
{
    private protected override async Task<LiveData> CreateAsync() =>
        await MongoDbLiveData.CreateAsync(await servers.MongoAsync(), servers.NameDatabase("failing"));

    [Fact]
    public async Task The_dump_is_of_a_newer_server()
    {
        Choose(await Data.PlantAsync(manifest => manifest with
        {
            Sources = [.. manifest.Sources.Select(source => source with { EngineVersion = "99.0.1" })],
        }));
        Assert.Contains("99.0.1", await FailAsync(4, "LARDER-034"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_restored_has_other_content_than_the_manifest_recorded()
    {
        Choose(await Data.PlantAsync(manifest => manifest.WithOtherContent("entries")));
        await FailAsync(1, "LARDER-091");
    }
}
