using System.Globalization;
using Larder.Testing;

namespace Larder.EndToEnd.Restores;

/// <summary>A folder that becomes a file system of its own with little room in it, and is as before, with what was written, afterwards.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string path;
    private readonly string aside;

    private SmallDisk(string path) => (this.path, aside) = (path, path + "-aside");

    /// <param name="path">A folder with content.</param>
    /// <param name="freeKibibytes">What it has room for besides what is in it.</param>
    public static async Task<SmallDisk> MountAsync(string path, int freeKibibytes)
    {
        var used = int.Parse((await ShellAsync($"du -sk '{path}'")).Split('\t')[0], CultureInfo.InvariantCulture);
        var disk = new SmallDisk(path);
        Directory.Move(path, disk.aside);
        Directory.CreateDirectory(path);
        var size = (used * 2) + 4096; // What takes its length on a disk takes whole pages here.
        var mounted = await ChildProcess.RunAsync(new("mount", "-t", "tmpfs", "-o", $"size={size}k,mode=0700", "tmpfs", path));
        if (mounted.ExitStatus != 0)
        {
            Directory.Delete(path);
            Directory.Move(disk.aside, path);
            Assert.Skip($"Mounting a small file system needs root: {mounted.Error}");
        }
        await ShellAsync($"cp -a '{disk.aside}/.' '{path}/'");
        var free = int.Parse((await ShellAsync($"df -k --output=avail '{path}'")).Split('\n')[1], CultureInfo.InvariantCulture);
        await ShellAsync($"head -c {free - freeKibibytes}k /dev/zero >'{disk.Filler}'");
        return disk;
    }

    private string Filler => Path.Combine(path, ".filler");

    public async ValueTask DisposeAsync()
    {
        File.Delete(Filler);
        await ShellAsync($"rm -rf '{aside}'; mkdir '{aside}'; cp -a '{path}/.' '{aside}/'; umount '{path}'; rmdir '{path}'; mv '{aside}' '{path}'");
    }

    private static async Task<string> ShellAsync(string script) => (await ChildProcess.RunAsync(new("sh", "-ec", script))).Expect().Output;
}
