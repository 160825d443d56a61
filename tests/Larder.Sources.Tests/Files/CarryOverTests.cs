using Larder.Sources.Files;

namespace Larder.Sources.Tests.Files;

public sealed class CarryOverTests
{
    private const string Trees = """
        mkdir -p live/node_modules/a live/both/deep live/clash back/both back/empty outside
        echo log >live/app.log; echo pkg >live/node_modules/a/index.js; echo upload >live/both/deep/u; echo outside >outside/f
        echo live >live/both/f; echo back >back/both/f; echo live >live/clash/f; echo back >back/clash
        ln -s ../outside live/out; ln -s ../outside back/both/way; mkdir live/both/way; echo x >live/both/way/x
        mkfifo live/pipe; chmod 640 live/app.log; chmod 2751 live/node_modules; chown 1234:1235 live/node_modules live/app.log
        setfattr -n user.note -v hello live/node_modules || true
        touch -d '2020-01-02 03:04:05' live/node_modules live/app.log; touch -d '2021-01-02 03:04:05' back/both back
        printf x >"live/$(printf 'raw\377name')"
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_the_backup_does_not_have_is_taken_over_and_what_it_has_wins()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync(Trees);
        var before = await folder.ShellAsync("find live outside -printf '%p %y %m %U %G %s %T@ %l\\n' | sort");

        var carried = await TreeExchange.CarryOverAsync(folder["live"], folder["back"], Cancellation);

        Assert.Equal((3, 4, 0, 2), (carried.Folders, carried.Linked, carried.Copied, carried.Others));
        Assert.Equal(
            ["both/way", "clash"], carried.Warnings.Select(warning => Path.GetRelativePath(folder["live"], warning.Path)).Order());
        Assert.Equal(
            "d 2751 1234 1235 1577934245\nf 640 1234 1235 1577934245\n",
            await folder.ShellAsync("TZ=UTC stat -c '%F %a %u %g %Y' back/node_modules back/app.log | sed 's/directory/d/; s/regular file/f/'"));
        Assert.Equal("back\nback\nupload\npkg\nx", await folder.ShellAsync("cd back; cat both/f clash both/deep/u node_modules/a/index.js raw*"));
        Assert.Equal("../outside\n", await folder.ShellAsync("readlink back/out"));
        Assert.Equal("f\n", await folder.ShellAsync("ls outside"));
        Assert.Equal("fifo\n", await folder.ShellAsync("stat -c %F back/pipe"));
        Assert.Equal("1609556645\n1609556645\n", await folder.ShellAsync("stat -c %Y back back/both")); // As the backup has them.
        Assert.Equal("", await folder.ShellAsync("test live/app.log -ef back/app.log"));
        Assert.Equal(before, await folder.ShellAsync("find live outside -printf '%p %y %m %U %G %s %T@ %l\\n' | sort"));

        var again = await TreeExchange.CarryOverAsync(folder["live"], folder["back"], Cancellation);
        Assert.Equal((0, 0, 0, 0), (again.Folders, again.Linked, again.Copied, again.Others));
    }

    [Fact]
    public async Task Where_nothing_can_be_linked_it_is_copied_with_its_attributes()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir -p back; mount -t tmpfs none back");
        try
        {
            await folder.ShellAsync(Trees);
            var carried = await TreeExchange.CarryOverAsync(folder["live"], folder["back"], Cancellation);
            Assert.Equal((3, 0, 4, 2), (carried.Folders, carried.Linked, carried.Copied, carried.Others));
            Assert.Equal(4 + 4 + 7 + 1, carried.CopiedBytes);
            Assert.Equal("640 1234 1235 1577934245\n", await folder.ShellAsync("stat -c '%a %u %g %Y' back/app.log"));
            Assert.Equal("../outside\n", await folder.ShellAsync("readlink back/out"));
            Assert.Equal("fifo\n", await folder.ShellAsync("stat -c %F back/pipe"));
            Assert.Equal("upload\n", await folder.ShellAsync("cat back/both/deep/u"));
        }
        finally
        {
            await folder.ShellAsync("umount back");
        }
    }

    [Fact]
    public async Task The_folder_itself_gets_the_attributes_of_the_one_it_replaces()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir live back; chown 1234:1235 live; chmod 2750 live; touch -d '2020-01-02 03:04:05' live");
        Assert.Empty(FolderAttributes.Copy(folder["live"], folder["back"]));
        Assert.Equal("2750 1234 1235 1577934245\n", await folder.ShellAsync("stat -c '%a %u %g %Y' back"));
    }

    [Fact]
    public async Task Cancelled_it_ends()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync(Trees);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => TreeExchange.CarryOverAsync(folder["live"], folder["back"], new(canceled: true)));
    }
}
