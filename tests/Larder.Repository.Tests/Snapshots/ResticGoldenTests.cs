using System.Diagnostics;
using System.Text;
using Larder.Repository.Index;
using Larder.Repository.Snapshots;

namespace Larder.Repository.Tests.Snapshots;

/// <summary>Our reading and writing of the JSON formats against files that the installed restic wrote just now.</summary>
[Trait("Kind", "campaign")]
public sealed class ResticGoldenTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("larder-golden-").FullName;

    [Fact]
    public async Task Trees_snapshots_and_indexes_of_restic_are_read_and_written_again_to_the_same_bytes()
    {
        var source = Directory.CreateDirectory(Path.Combine(folder, "src")).FullName;
        await RunAsync("/bin/bash", "-c", OddFiles, "bash", source);
        await ResticAsync("init", "-q");
        await ResticAsync("backup", "-q", "--tag", "t<1>", source);

        // Snapshot: restic prints it indented; ours has no white space.
        var snapshotId = Path.GetFileName(Assert.Single(Directory.GetFiles(Path.Combine(folder, "repo", "snapshots"))));
        var snapshotJson = await ResticAsync("cat", "snapshot", snapshotId, "-q");
        var snapshot = SnapshotFile.Decode(snapshotJson);
        Assert.Equal(source, Assert.Single(snapshot.Paths));
        Assert.Equal(["t<1>"], snapshot.Tags);
        Assert.InRange(snapshot.Time, DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.MaxValue);

        // Trees: reading and writing again gives the bytes whose hash is the id.
        var names = new List<string>();
        var trees = new Queue<BlobId>([snapshot.Tree]);
        while (trees.TryDequeue(out var id))
        {
            var bytes = await ResticAsync("cat", "blob", id.ToString(), "-q");
            var tree = Tree.Decode(bytes);
            Assert.Equal(Text(bytes), Text(tree.Encode()));
            Assert.Equal(id.Hash, Hash256.Of(tree.Encode()));
            names.AddRange(tree.Nodes.Select(node => node.Name.ToQuoted()));
            foreach (var subtree in tree.Nodes.Select(node => node.Subtree).OfType<BlobId>())
            {
                trees.Enqueue(subtree);
            }
        }
        Assert.Contains("new\\nline", names);
        Assert.Contains("bad\\xff\\xfeutf", names);
        Assert.Contains("\\u2028\\u200b\\u00a0", names);
        Assert.Contains("😀été<&>", names);
        Assert.Contains("x", names);

        // Index: restic prints what it stored.
        var indexId = Path.GetFileName(Assert.Single(Directory.GetFiles(Path.Combine(folder, "repo", "index"))));
        var indexJson = await ResticAsync("cat", "index", indexId, "-q");
        var index = new MasterIndex();
        IndexFile.Decode(indexJson, index);
        Assert.True(index.Contains(BlobKind.Tree, snapshot.Tree));
        Assert.Equal(Text(indexJson).TrimEnd('\n'), Text(IndexFile.Encode([.. index.Packs])));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    // .NET's own deletion does not reach names that are not UTF-8.
    public async ValueTask DisposeAsync() => await RunAsync("rm", "-rf", folder);

    private const string OddFiles = """
        set -e
        cd "$1"
        echo a > a.txt; ln a.txt hard; chmod 4755 a.txt; : > empty; mkdir -m 3770 dir; head -c 100000 /dev/zero > dir/x
        echo 1 > $'new\nline'; echo 2 > $'bad\xff\xfeutf'; echo 3 > $'q"uote\\b'; echo 4 > $'\xe2\x80\xa8\xe2\x80\x8b\xc2\xa0'; echo 5 > '😀été<&>'; echo 6 > $'\x01\t\x7f'
        ln -s a.txt link; ln -s $'<t>&\t\xe2\x80\xa8' odd-link; mkfifo fifo
        touch -d '1969-12-31T23:59:59.999999995Z' empty; touch -d '2017-07-14T02:40:00.1Z' fifo
        python3 -c 'import os; os.setxattr("a.txt", "user.c", b"v\0"); os.setxattr("a.txt", "user.e", b"")' 2>/dev/null || true
        """;

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private Task<byte[]> ResticAsync(params string[] arguments) => RunAsync("restic", ["-r", Path.Combine(folder, "repo"), "--no-cache", .. arguments]);

    private static async Task<byte[]> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TZ"] = "UTC";
        start.Environment["RESTIC_PASSWORD"] = "golden";
        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardOutput.BaseStream.CopyToAsync(output, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors}");
        return output.ToArray();
    }
}
