using System.Runtime.InteropServices;
using System.Text;
using Larder.Sources.Files;
using Larder.Sources.Native;

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

    [Fact]
    public async Task What_may_not_be_renamed_is_refused_and_all_that_one_owns_can_be_removed()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("chmod 755 .; mkdir -p closed/app sticky/app sticky/own open/app; chown 1234 open open/app sticky/own; "
            + "chmod 1777 sticky; mkdir -p open/old/locked/deep; echo x >open/old/locked/deep/f; chown -R 1234:1234 open; "
            + "chmod 500 open/old/locked; chmod 100 open/old/locked/deep");

        var (closed, sticky, own, open, removal) = AsOrdinaryUser(() => (
            TreeExchange.WhyNot(folder["closed/app"]),
            TreeExchange.WhyNot(folder["sticky/app"]),
            TreeExchange.WhyNot(folder["sticky/own"]),
            TreeExchange.WhyNot(folder["open/app"]),
            FolderRemoval.RemoveAny(Libc.AtFdCwd, LibcFiles.Terminate(Encoding.UTF8.GetBytes(folder["open/old"])))));

        Assert.Contains("nothing can be written", closed, StringComparison.Ordinal);
        Assert.Contains("only the owner", sticky, StringComparison.Ordinal);
        Assert.Null(own);
        Assert.Null(open);
        Assert.Equal(0, removal);
        Assert.Equal("app\n", await folder.ShellAsync("ls -A open"));
    }

    [Fact]
    public async Task What_may_not_be_linked_is_copied_and_what_may_not_be_read_ends_the_taking_over()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("chmod 755 .; mkdir live back; echo other >live/other; chmod 644 live/other; chown 1234:1234 back");
        Assert.Equal("1\n", await folder.ShellAsync("cat /proc/sys/fs/protected_hardlinks"));

        var carried = AsOrdinaryUser(() => new CarryOver(default).Run(folder["live"], folder["back"]));
        Assert.Equal((0, 1), (carried.Linked, carried.Copied));
        Assert.Equal("other\n", await folder.ShellAsync("cat back/other"));
        Assert.Contains("owner", Assert.Single(carried.Warnings).Reason, StringComparison.Ordinal);

        await folder.ShellAsync("echo secret >live/secret; chmod 600 live/secret");
        var failure = Assert.Throws<InvalidOperationException>(
            () => AsOrdinaryUser(() => new CarryOver(default).Run(folder["live"], folder["back"])));
        Assert.Contains("live/secret", Assert.IsType<SourceException>(failure.InnerException).Message, StringComparison.Ordinal);
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
