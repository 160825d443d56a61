using System.Diagnostics;
using Larder.Testing;

namespace Larder.Repository.Tests.Storage;

/// <summary>
/// A real file system of its own, small or read-only, mounted for one test. Mounting needs root, as the test machines have; where it is not
/// allowed the test fails and says so, because a full disk that was never tried is no promise.
/// </summary>
internal sealed class MountedFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private MountedFolder(string options) => Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", Path);

    public string Path => folder.FullPath;

    public static MountedFolder OfSize(string size) => new($"size={size},mode=0700");

    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", Path);

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        folder.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var words = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            var command = $"{program} {string.Join(' ', arguments)}";
            throw new TestFailedException($"\"{command}\" failed; this test needs root and CAP_SYS_ADMIN: {words}");
        }
    }
}
