using Larder.Sources.Files;

namespace Larder.Sources.Tests.Files;

public sealed class FilesSourceTests
{
    [Fact]
    public async Task Entries_lie_under_their_absolute_path_folders_first_and_in_byte_order()
    {
        using var folder = new TestFolder();
        folder.Write("src/b/app.py", "print()");
        folder.Write("src/a.txt", "a");
        folder.Write("src/B.txt", "B");
        folder.Write("beside/no.txt", "no");

        var reading = await FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["src"]] });

        string[] below = ["", "/B.txt", "/a.txt", "/b", "/b/app.py"];
        Assert.Equal(["tmp", folder.Inside, .. below.Select(path => $"{folder.Inside}/src{path}")], reading.Paths);
        Assert.Equal("print()"u8, reading.Contents[$"{folder.Inside}/src/b/app.py"]);
        Assert.Equal(0x3FFu, reading.Entries[0].Attributes.Permissions); // /tmp is 1777.
        Assert.Equal("root", reading.Entries[0].Attributes.User);
        Assert.Empty(reading.Outcome.Warnings);
    }

    [Fact]
    public async Task Equal_and_nested_paths_are_read_once()
    {
        using var folder = new TestFolder();
        folder.Write("a/b/c", "c");
        folder.Write("a/d", "d");

        var reading = await FilesCopy.ReadAsync(
            new FilesSettings { Paths = [folder["a/b"], folder["a"], folder["a/"], folder["a//./b/c"], folder["a/d"]] });

        string[] below = ["", "/b", "/b/c", "/d"];
        Assert.Equal(["tmp", folder.Inside, .. below.Select(path => $"{folder.Inside}/a{path}")], reading.Paths);
    }

    [Fact]
    public async Task The_whole_machine_can_be_a_path()
    {
        string[] exclude = ["/*", "!/etc", "/etc/*", "!/etc/passwd"];
        await using var session = await new FilesSource(new FilesSettings { Paths = ["/"], Exclude = exclude }).OpenAsync(default);
        var paths = new List<string>();
        await foreach (var entry in session.ReadEntriesAsync(default))
        {
            paths.Add(entry.Path.ToString());
        }
        Assert.Equal(["etc", "etc/passwd"], paths);
    }

    [Fact]
    public async Task Patterns_are_anchored_at_each_configured_path_and_a_configured_path_is_never_excluded()
    {
        using var folder = new TestFolder();
        folder.Write("one/build/x", "");
        folder.Write("one/sub/build/keep", "");
        folder.Write("one/y.log", "");
        folder.Write("one/hidden/deep/asked", "");
        folder.Write("one/hidden/deep2", "");
        folder.Write("two.log", "");

        var reading = await FilesCopy.ReadAsync(new FilesSettings
        {
            Paths = [folder["one"], folder["two.log"], folder["one/hidden/deep"]],
            Exclude = ["/build", "*.log", "hidden/"],
        });

        string[] below = ["one", "one/hidden", "one/hidden/deep", "one/hidden/deep/asked", "one/sub", "one/sub/build",
            "one/sub/build/keep", "two.log"];
        Assert.Equal(["tmp", folder.Inside, .. below.Select(path => $"{folder.Inside}/{path}")], reading.Paths);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Git_folders_are_left_out_unless_asked_for(bool includeGit)
    {
        using var folder = new TestFolder();
        folder.Write("code/.git/HEAD", "ref: refs/heads/main\n");
        folder.Write("code/sub/.git", "gitdir: ../elsewhere\n");
        folder.Write("code/.gitignore", "x");

        var reading = await FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["code"]], IncludeGit = includeGit });

        Assert.Contains($"{folder.Inside}/code/.gitignore", reading.Paths);
        Assert.Equal(includeGit, reading.Paths.Contains($"{folder.Inside}/code/.git/HEAD"));
        Assert.Equal(includeGit, reading.Paths.Contains($"{folder.Inside}/code/sub/.git"));
    }

    [Fact]
    public async Task The_repository_is_left_out_without_a_word_even_under_another_name()
    {
        using var folder = new TestFolder();
        folder.Write("data/repository/config", "x");
        folder.Write("data/file", "x");
        File.CreateSymbolicLink(folder["alias"], folder["data"]);

        var reading = await FilesCopy.ReadAsync(
            new FilesSettings { Paths = [folder["data"]], ExcludePaths = [folder["alias/repository"]] });

        Assert.DoesNotContain(reading.Paths, path => path.Contains("repository", StringComparison.Ordinal));
        Assert.Contains($"{folder.Inside}/data/file", reading.Paths);
        Assert.Empty(reading.Outcome.Warnings);
    }

    [Fact]
    public async Task A_path_that_does_not_exist_is_not_found()
    {
        var source = new FilesSource(new FilesSettings { Paths = ["/tmp", "/no/such/place"] });

        var exception = await Assert.ThrowsAsync<SourceException>(() => source.OpenAsync(default));

        Assert.Equal(SourceError.NotFound, exception.Error);
        Assert.Contains("/no/such/place", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("relative/path")]
    [InlineData("/srv/../etc")]
    [InlineData("")]
    public void A_path_that_is_not_absolute_is_refused(string path) =>
        Assert.Throws<ArgumentException>(() => new FilesSource(new FilesSettings { Paths = [path] }));

    [Fact]
    public async Task What_vanishes_while_the_walk_goes_on_is_left_out_and_named()
    {
        using var folder = new TestFolder();
        folder.Write("d/a", "a");
        folder.Write("d/b", "b");
        folder.Write("d/c", "c");
        folder.Write("d/z/in", "in");

        var reading = await FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["d"]] }, entry =>
        {
            if (entry.Path.ToString().EndsWith("/a", StringComparison.Ordinal))
            {
                File.Move(folder["d/a"], folder["gone"]); // Between its listing and its opening.
                File.Delete(folder["d/b"]); // Between the listing of its folder and its own.
                Directory.Delete(folder["d/z"], recursive: true);
            }
        });

        Assert.Equal([$"{folder.Inside}/d/c"], reading.Contents.Keys);
        Assert.Equal(["a", "b", "z"], reading.Outcome.Warnings.Select(warning => Path.GetFileName(warning.Path)));
        Assert.All(reading.Outcome.Warnings, warning => Assert.Contains("vanished", warning.Reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mkfifo")]
    [InlineData("ln -s /etc/passwd")]
    [InlineData("mkdir")]
    public async Task What_took_the_place_of_a_file_is_not_read(string command)
    {
        using var folder = new TestFolder();
        folder.Write("d/a", "a");

        await using var session = await new FilesSource(new FilesSettings { Paths = [folder["d"]] }).OpenAsync(default);
        await foreach (var entry in session.ReadEntriesAsync(default))
        {
            if (entry.OpenContent is { } open)
            {
                await folder.ShellAsync($"rm d/a; {command} d/a");
                var exception = await Assert.ThrowsAsync<SourceException>(async () => await open(default));
                Assert.Equal(SourceError.EntryVanished, exception.Error);
            }
        }

        Assert.Single((await session.CompleteAsync(default)).Warnings);
    }

    [Theory]
    [InlineData("printf more >>d/a")]
    [InlineData("truncate -s 10 d/a")]
    [InlineData("printf X | dd of=d/a bs=1 conv=notrunc status=none")]
    [InlineData("cp d/a d/b; mv d/b d/a; printf y >>d/a")]
    public async Task A_file_that_changes_while_it_is_read_is_kept_and_named(string command)
    {
        using var folder = new TestFolder();
        folder.Write("d/a", new string('x', 300_000));

        await using var session = await new FilesSource(new FilesSettings { Paths = [folder["d"]] }).OpenAsync(default);
        var total = 0;
        await foreach (var entry in session.ReadEntriesAsync(default))
        {
            if (entry.OpenContent is { } open)
            {
                await using var stream = await open(default);
                var buffer = new byte[1000];
                total = await stream.ReadAsync(buffer);
                await folder.ShellAsync(command);
                int read;
                while ((read = await stream.ReadAsync(buffer)) > 0)
                {
                    total += read;
                }
            }
        }

        Assert.InRange(total, 1000, 300_000);
        var warning = Assert.Single((await session.CompleteAsync(default)).Warnings);
        Assert.Equal(($"{folder.Inside}/d/a", "It changed while it was read."), (warning.Path, warning.Reason));
    }

    [Fact]
    public async Task Reading_leaves_access_times_alone()
    {
        using var folder = new TestFolder();
        folder.Write("d/a", "a");
        await folder.ShellAsync("touch -a -d 2001-01-01 d/a d");

        await FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["d"]] });

        Assert.Equal("2001\n2001\n", await folder.ShellAsync("stat -c %x d/a d | cut -c1-4"));
    }

    [Fact]
    public async Task A_configured_symlink_is_kept_as_one_and_named()
    {
        using var folder = new TestFolder();
        folder.Write("real/file", "x");
        File.CreateSymbolicLink(folder["current"], "real");

        var reading = await FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["current"]] });
        var through = await FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["current/file"]] });

        Assert.Equal("real"u8, reading.Entries[^1].Attributes.LinkTarget!.Value.Span);
        Assert.Single(reading.Outcome.Warnings);
        Assert.Equal("x"u8, through.Contents[$"{folder.Inside}/current/file"]);
        Assert.Empty(through.Outcome.Warnings);
    }

    [Fact]
    public async Task A_mounted_file_system_is_left_out_when_one_file_system_is_asked_for()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir -p d/mnt; mount -t tmpfs none d/mnt; echo x >d/mnt/file");
        try
        {
            var one = await FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["d"]], OneFileSystem = true });
            var all = await FilesCopy.ReadAsync(new FilesSettings { Paths = [folder["d"]] });

            Assert.Equal($"{folder.Inside}/d/mnt", one.Paths[^1]);
            Assert.Equal($"{folder.Inside}/d/mnt/file", all.Paths[^1]);
        }
        finally
        {
            await folder.ShellAsync("umount d/mnt");
        }
    }

    [Fact]
    public async Task A_session_that_was_not_read_to_its_end_does_not_complete()
    {
        await using var session = await new FilesSource(new FilesSettings { Paths = ["/tmp"] }).OpenAsync(default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => session.CompleteAsync(default));
    }
}
