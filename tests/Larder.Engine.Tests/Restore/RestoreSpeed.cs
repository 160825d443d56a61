using System.Diagnostics;
using Larder.Testing;

namespace Larder.Engine.Tests.Restore;

/// <summary>Side by side with real restic, on request: <c>-explicit only -class "*RestoreSpeed"</c>.</summary>
public sealed class RestoreSpeed(ITestOutputHelper output)
{
    [Theory(Explicit = true)]
    [InlineData("small files", "for d in $(seq 200); do mkdir -p \"$0/$d\"; for f in $(seq 100); do head -c 1500 /dev/urandom > \"$0/$d/$f\"; done; done")]
    [InlineData("one large file", "mkdir -p \"$0\"; seq 1 100000000 > \"$0/large\"")]
    public async Task A_restore_beside_restic(string name, string make)
    {
        await using var bench = new BackupBench();
        var tree = bench.Folder["tree"];
        (await ChildProcess.RunAsync(new ChildCommand("/bin/sh", "-ec", make, tree), BackupBench.Token)).Expect();
        bench.AddFiles("tree", tree);
        await bench.BackUpAsync();
        bench.Forget();
        await BackupBench.ShellAsync("sync");

        var clock = Stopwatch.StartNew();
        var result = await bench.RestoreAsync(bench.Folder["ours"]);
        var ours = clock.Elapsed;
        await BackupBench.ShellAsync("sync");
        clock.Restart();
        await ResticBinary.All[0].At(bench.RepositoryPath, BackupBench.Password).RestoreAsync("latest", bench.Folder["theirs"], BackupBench.Token);
        await BackupBench.ShellAsync("sync");

        output.WriteLine($"{name}: {result.Files} files, {result.Bytes} bytes; larder {ours.TotalSeconds:f2} s, {ResticBinary.All[0].Name} restic {clock.Elapsed.TotalSeconds:f2} s");
    }
}
