using Larder.Engine.Browse;
using Larder.Engine.Errors;
using Larder.Engine.Tests.Restore;

namespace Larder.Engine.Tests.Browse;

public sealed class BackupTreeTests
{
    [Fact]
    public async Task A_backup_is_listed_from_its_sources_down_with_odd_names_quoted()
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder.Make("code");
        await BackupBench.ShellAsync($"cd {tree}; printf abc > \"$(printf 'new\\nline')\"; mkdir d; ln -s there d/link; chmod 4755 new*; chmod 1777 d");
        bench.AddFiles("code", tree);
        bench.AddCommand("said", "echo hello");
        await bench.BackUpAsync();
        var backup = await ReadableBackup.OpenAsync(bench.Context, "latest", null, BackupBench.Token);

        Assert.Equal(["code", "manifest.json", "said"], (await ListAsync(backup, "")).Select(node => node.Path));
        var listed = await ListAsync(backup, "code" + tree, recursive: true);
        Assert.Equal([$"code{tree}/d", $"code{tree}/d/link", $@"code{tree}/new\nline"], listed.Select(node => node.Path));
        Assert.Equal(["drwxrwxrwt", "lrwxrwxrwx", "-rwsr-xr-x"], listed.Select(node => node.Mode));
        Assert.Equal(["dir", "symlink", "file"], listed.Select(node => node.Type));
        Assert.Equal("there", listed[1].LinkTarget);
        Assert.Equal(3, Assert.Single(await ListAsync(backup, $@"code{tree}/new\nline")).SizeBytes);
        Assert.Contains("\"size_bytes\": 3", BrowseJson.Write(listed), StringComparison.Ordinal);

        var unknown = await Assert.ThrowsAsync<LarderException>(() => ListAsync(backup, "cods"));
        Assert.Equal(EngineError.UnknownEntry, unknown.Error);
        Assert.Contains("did you mean code?", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Statistics_tell_what_is_stored_and_what_it_stands_for()
    {
        await using var bench = new BackupBench();
        bench.AddCommand("said", "seq 1 200000");
        await bench.BackUpAsync();
        await bench.BackUpAsync();
        bench.Forget();

        var stats = Assert.Single((await StatsReport.ComputeAsync(bench.Context, null, BackupBench.Token)).Repositories);

        Assert.Equal((2, 2), (stats.Backups, stats.Snapshots));
        Assert.Equal(2 * 1288895, stats.RestoredBytes);
        Assert.InRange(stats.DedupRatio!.Value, 1.9, 2.0);
        Assert.InRange(stats.CompressionRatio!.Value, 2, 20);
        Assert.Equal(
            new DirectoryInfo($"{bench.RepositoryPath}/data").EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), stats.StoredBytes);
        Assert.Equal(0, stats.UnusedBytes);
        Assert.True(stats.FreeDiskBytes > 0);
    }

    private static async Task<List<ListedNode>> ListAsync(ReadableBackup backup, string path, bool recursive = false)
    {
        var nodes = new List<ListedNode>();
        await foreach (var node in BackupTree.ListAsync(backup, path, recursive, BackupBench.Token))
        {
            nodes.Add(node);
        }
        return nodes;
    }
}
