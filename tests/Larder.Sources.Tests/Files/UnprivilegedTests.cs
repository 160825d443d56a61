using System.Runtime.InteropServices;
using Larder.Sources.Files;

namespace Larder.Sources.Tests.Files;

/// <summary>
/// What anybody but root meets. On Linux each thread has its own effective user when it is set by the system call itself, so these tests
/// become user 1234 on a thread of their own and leave the others root.
/// </summary>
public sealed partial class UnprivilegedTests
{
    [Fact]
    public async Task What_may_not_be_read_is_left_out_and_named()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("chmod 755 .; mkdir -p d/locked d/open; echo secret >d/file; chmod 600 d/file; echo x >d/locked/in; "
            + "chmod 700 d/locked; echo y >d/open/ok");

        var reading = AsOrdinaryUser(() => Synchronously(FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["d"]] })));

        Assert.Equal(["ok"], reading.Contents.Keys.Select(Path.GetFileName));
        Assert.Equal(["file", "locked"], reading.Outcome.Warnings.Select(warning => Path.GetFileName(warning.Path)));
        Assert.All(reading.Outcome.Warnings, warning => Assert.Contains("Permission denied", warning.Reason, StringComparison.Ordinal));
        Assert.Contains(reading.Paths, path => path.EndsWith("/d/locked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_way_that_may_be_walked_but_not_listed_leads_to_a_configured_path()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir -p way/d; echo x >way/d/f; chmod 711 . way");

        var reading = AsOrdinaryUser(() => Synchronously(FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["way/d"]] })));

        Assert.Equal("x\n"u8, reading.Contents[$"{folder.Inside}/way/d/f"]);
        Assert.Empty(reading.Outcome.Warnings);
    }

    [Fact]
    public async Task A_restore_without_rights_keeps_content_and_permissions_drops_setuid_and_names_the_owners()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("chmod 755 .; mkdir out; chown 1234:1234 out");
        var owner = new EntryAttributes { Type = EntryType.File, Permissions = 0x9ED, Uid = 0, Gid = 0 }; // 4755
        var locked = new EntryAttributes { Type = EntryType.Directory, Permissions = 0x140, Uid = 1234, Gid = 1234 }; // 0500

        var warnings = AsOrdinaryUser(() =>
        {
            using var writer = new FileTreeWriter(folder["out"], new());
            writer.CreateDirectory(new EntryPath("d"), locked);
            using (var file = writer.BeginFile(new EntryPath("d/f"), owner, 1))
            {
                // A small file is written at once, on this thread.
                Assert.True(file.WriteAsync("x"u8.ToArray()).AsTask().IsCompletedSuccessfully);
                Assert.True(file.CompleteAsync().AsTask().IsCompletedSuccessfully);
            }
            writer.CreateSpecial(new EntryPath("null"), new() { Type = EntryType.CharacterDevice, Device = 0x103 });
            writer.SetDirectories(default);
            return writer.Warnings;
        });

        Assert.Equal("755 1234\n500 1234\n", await folder.ShellAsync("stat -c '%a %u' out/d/f out/d"));
        Assert.Equal(["d/f", "null"], warnings.Select(warning => warning.Path).Order());
    }

    private static T AsOrdinaryUser<T>(Func<T> act)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            // By the system call: the C library's function would change every thread of the process. The thread ends with its user.
            var isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
            try
            {
                Assert.Equal(0, SystemCall(isArm ? 149 : 119, -1, 1234, -1)); // setresgid
                Assert.Equal(0, SystemCall(isArm ? 147 : 117, -1, 1234, -1)); // setresuid
                result = act();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException("It failed as an ordinary user.", failure);
    }

    private static T Synchronously<T>(Task<T> task)
    {
        Assert.True(task.IsCompleted, "Reading files must not leave its thread.");
        return task.IsCompletedSuccessfully ? task.GetAwaiter().GetResult() : throw task.Exception!;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third);
}
