using System.Diagnostics;
using System.Net.Sockets;
using Larder.Sources.Files;

namespace Larder.Sources.Tests.Files;

public sealed class FilesRoundTripTests
{
    [Fact]
    public async Task Everything_a_file_system_can_hold_comes_back_as_it_was()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("""
            mkdir tree out; cd tree
            echo text >plain; echo same >first; ln first second; mkdir sub; ln first sub/third
            printf x >$'new\nline'; printf x >$'\xff\xfe\x80'; printf x >-rf; printf x >' '; printf x >"$(printf 'n%.0s' {1..255})"
            ln -s plain link; ln -s loop loop; ln -s ../../outside dangling; ln -s $'\xff' raw
            mkfifo pipe; mknod null c 1 3; mknod disk b 259 70000; ln pipe pipe2
            echo x >acl; setfacl -m u:1234:rw,g:77:r,m::rw acl; mkdir defaults
            setfacl -d -m u:1234:rwx defaults; echo in >defaults/inherits
            echo x >attributes; setfattr -n user.comment -v 'words' attributes; setfattr -n user.empty attributes
            setfattr -n trusted.larder -v 0x00ff00 attributes; setfattr -h -n trusted.onlink -v t link
            cp /bin/true capable; setcap cap_net_raw+ep capable
            echo s >suid; chown 1234:77 suid; chmod 6755 suid; mkdir sticky; chmod 1777 sticky; chown 5:6 sticky
            echo h >hidden; chmod 000 hidden; mkdir locked; echo l >locked/in; chmod 000 locked; chown -h 12:13 link
            touch -h -d '1931-02-03 04:05:06.123456789' plain link; touch -d '2038-01-20 00:00:00.000000001' sub
            touch -d @-1.999999999 first; : >empty; truncate -s 5000 hole; mkdir void
            setfacl -b defaults/inherits
            """);
        using var listener = Listen(folder["tree/socket"]);

        var warnings = await FilesCopy.CopyAsync(folder["tree"], folder["out"]);

        Assert.Empty(warnings);
        var difference = Assert.Single(FileTreeComparer.Compare(folder["tree"], folder["out"]));
        Assert.Equal("socket", difference.Path.ToString());
        Assert.Equal(await Facts("tree"), await Facts("out")); // An independent witness.

        Task<string> Facts(string name) => folder.ShellAsync(
            $"cd {name}; find . -mindepth 1 ! -name socket -printf '%p %y %m %U:%G %n %l %T@\\n' | sed 's/^\\.//' | LC_ALL=C sort; "
            + "find . -mindepth 1 ! -name socket -print0 | LC_ALL=C sort -z >../names; "
            + "grep -zvxE './(link|loop|dangling|raw)' ../names | xargs -0 getfacl -np; "
            + "xargs -0 getfattr -hd -m - <../names");
    }

    [Fact]
    public async Task A_sparse_gigabyte_is_read_in_a_moment_and_stays_sparse()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir tree out; truncate -s 1G tree/big; printf data | dd of=tree/big bs=1 seek=700000001 conv=notrunc; "
            + "truncate -s 1073741825 tree/big");
        var clock = Stopwatch.StartNew();

        await FilesCopy.CopyAsync(folder["tree"], folder["out"]);

        var elapsed = clock.Elapsed;
        Assert.Empty(FileTreeComparer.Compare(folder["tree"], folder["out"]));
        Assert.True(int.Parse(await folder.ShellAsync("stat -c %b out/big")) <= 64, "The copy has no holes.");
        TestContext.Current.SendDiagnosticMessage($"1 GiB of holes: {elapsed.TotalMilliseconds:F0} ms");
    }

    [Fact]
    public async Task A_tree_of_200_levels_comes_back()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir tree out; cd tree; for i in {1..200}; do mkdir d$i; cd d$i; echo $i >file; touch -d @$i .; done");

        Assert.Empty(await FilesCopy.CopyAsync(folder["tree"], folder["out"]));

        Assert.Empty(FileTreeComparer.Compare(folder["tree"], folder["out"]));
    }

    [Fact]
    public async Task Restoring_twice_over_itself_changes_nothing_and_leaves_no_temporary_name()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir tree out; cd tree; echo a >a; ln a b; ln -s a c; mkfifo d; mkdir e; echo f >e/f");

        await FilesCopy.CopyAsync(folder["tree"], folder["out"]);
        await FilesCopy.CopyAsync(folder["tree"], folder["out"]);

        Assert.Empty(FileTreeComparer.Compare(folder["tree"], folder["out"]));
    }

    [Fact]
    public async Task Twenty_thousand_small_files_are_read_and_written_quickly()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mount -t tmpfs -o size=400m none ."); // In memory: other work on the disk would be measured too.
        try
        {
            await MeasureAsync(folder["in"]);
        }
        finally
        {
            await folder.ShellAsync("cd /; umount \"$OLDPWD\"");
        }
    }

    private static async Task MeasureAsync(string place)
    {
        var content = new byte[1500];
        new Random(7).NextBytes(content);
        for (var i = 0; i < 20_000; i++)
        {
            if (i % 100 == 0)
            {
                Directory.CreateDirectory($"{place}/tree/{i / 100}");
            }
            await using var file = File.Create($"{place}/tree/{i / 100}/{i}.txt", 1);
            file.Write(content);
        }
        var before = ThreadTime();
        var entries = 0;
        var buffer = new byte[65536];
        await using (var session = await new FilesSource(new FilesSettings { Paths = [$"{place}/tree"] }).OpenAsync(default))
        {
            await foreach (var entry in session.ReadEntriesAsync(default))
            {
                entries++;
                if (entry.OpenContent is not null)
                {
                    await using var stream = await entry.OpenContent(default);
                    while (await stream.ReadAsync(buffer) > 0)
                    {
                    }
                }
            }
        }
        var reading = ThreadTime() - before; // Nothing of it waits, so it is one thread's work from beginning to end.
        Assert.True(entries > 20_200);

        var clock = Stopwatch.StartNew();
        var processBefore = Environment.CpuUsage.TotalTime;
        await FilesCopy.CopyAsync($"{place}/tree", $"{place}/out");
        var copying = Environment.CpuUsage.TotalTime - processBefore;

        TestContext.Current.SendDiagnosticMessage(
            $"20,000 files, processor time: read {reading.TotalMilliseconds:F0} ms, copied {copying.TotalMilliseconds:F0} ms "
            + $"({clock.Elapsed.TotalMilliseconds:F0} ms by the clock)");
        Assert.True(reading < TimeSpan.FromSeconds(1.6), $"Reading took {reading} of processor time."); // Twice the goal.
        Assert.Empty(FileTreeComparer.Compare($"{place}/tree", $"{place}/out"));
    }

    /// <summary>Processor time of this thread: what else runs on the machine does not count.</summary>
    private static TimeSpan ThreadTime() =>
        TimeSpan.FromMicroseconds(long.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0]) / 1000);

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }
}
