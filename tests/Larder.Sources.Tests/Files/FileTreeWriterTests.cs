using System.Text;
using Larder.Sources.Files;

namespace Larder.Sources.Tests.Files;

public sealed class FileTreeWriterTests
{
    private static readonly EntryAttributes FileAttributes = new() { Type = EntryType.File, Permissions = 0x1A4 };
    private static readonly EntryAttributes FolderAttributes = new() { Type = EntryType.Directory, Permissions = 0x1ED };

    [Theory]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_path_that_names_no_place_inside_is_refused(string path)
    {
        using var folder = new TestFolder();
        using var writer = new FileTreeWriter(folder["root"], new());
        var bad = new EntryPath(path);

        Assert.Throws<SourceException>(() => writer.BeginFile(bad, FileAttributes, 0));
        Assert.Throws<SourceException>(() => writer.CreateDirectory(bad, FolderAttributes));
        Assert.Throws<SourceException>(() => writer.CreateSymlink(bad, Symlink("x")));
        Assert.Throws<SourceException>(() => writer.CreateHardLink(bad, new EntryPath("x")));
        Assert.Throws<SourceException>(() => writer.CreateHardLink(new EntryPath("x"), bad));
        Assert.Throws<SourceException>(() => writer.CreateSpecial(bad, new EntryAttributes { Type = EntryType.Fifo }));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["root"]));
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("../outside")]
    [InlineData("inside")]
    [InlineData(".")]
    public void A_symlink_is_never_followed(string target)
    {
        using var folder = new TestFolder();
        folder.Write("outside/kept", "kept");
        using var writer = new FileTreeWriter(folder["root"], new());
        writer.CreateDirectory(new EntryPath("inside"), FolderAttributes);
        writer.CreateSymlink(new EntryPath("a"), Symlink(target));

        SourceException[] refusals =
        [
            Assert.Throws<SourceException>(() => writer.BeginFile(new EntryPath("a/larder-escape"), FileAttributes, 0)),
            Assert.Throws<SourceException>(() => writer.CreateDirectory(new EntryPath("a"), FolderAttributes)),
            Assert.Throws<SourceException>(() => writer.CreateDirectory(new EntryPath("a/b/c"), FolderAttributes)),
            Assert.Throws<SourceException>(() => writer.CreateSymlink(new EntryPath("a/l"), Symlink("x"))),
            Assert.Throws<SourceException>(() => writer.CreateHardLink(new EntryPath("h"), new EntryPath("a/kept"))),
        ];

        Assert.All(refusals, refusal => Assert.Equal(SourceError.TargetExists, refusal.Error));
        Assert.Equal(["kept"], Directory.GetFileSystemEntries(folder["outside"]).Select(Path.GetFileName));
        Assert.Equal(["a", "inside"], Directory.GetFileSystemEntries(folder["root"]).Select(Path.GetFileName).Order());
        Assert.False(File.Exists("/etc/larder-escape"));
    }

    [Fact]
    public async Task A_file_replaces_a_symlink_and_not_what_it_points_to()
    {
        using var folder = new TestFolder();
        folder.Write("outside", "kept");
        Directory.CreateDirectory(folder["root"]);
        File.CreateSymbolicLink(folder["root/f"], folder["outside"]);
        using var writer = new FileTreeWriter(folder["root"], new());

        await PutAsync(writer, "f", "new");

        Assert.Equal("kept", File.ReadAllText(folder["outside"]));
        Assert.Null(File.ResolveLinkTarget(folder["root/f"], false));
        Assert.Equal("new", File.ReadAllText(folder["root/f"]));
    }

    [Fact]
    public async Task A_file_that_is_not_completed_leaves_the_good_one_and_no_trace()
    {
        using var folder = new TestFolder();
        folder.Write("root/f", "good");
        using var writer = new FileTreeWriter(folder["root"], new());

        using (var file = writer.BeginFile(new EntryPath("f"), FileAttributes, 3))
        {
            await file.WriteAsync("bad"u8.ToArray());
            Assert.Equal("good", File.ReadAllText(folder["root/f"]));
        }

        Assert.Equal("good", File.ReadAllText(folder["root/f"]));
        Assert.Single(Directory.GetFileSystemEntries(folder["root"]));
    }

    [Fact]
    public async Task What_exists_is_not_replaced_when_that_is_not_wanted()
    {
        using var folder = new TestFolder();
        folder.Write("root/f", "good");
        using var writer = new FileTreeWriter(folder["root"], new() { Overwrite = false });

        Assert.Equal(SourceError.TargetExists, (await Assert.ThrowsAsync<SourceException>(() => PutAsync(writer, "f", "bad"))).Error);
        Assert.Equal(SourceError.TargetExists, Assert.Throws<SourceException>(() => writer.CreateSymlink(new("f"), Symlink("x"))).Error);

        Assert.Equal("good", File.ReadAllText(folder["root/f"]));
        Assert.Single(Directory.GetFileSystemEntries(folder["root"]));
    }

    [Fact]
    public async Task A_folder_and_a_file_replace_each_other_only_when_told()
    {
        using var folder = new TestFolder();
        folder.Write("root/d/deep/x", "x");
        folder.Write("root/f", "f");
        File.CreateSymbolicLink(folder["root/d/out"], "/etc");
        using (var careful = new FileTreeWriter(folder["root"], new()))
        {
            Assert.Equal(SourceError.TargetExists, (await Assert.ThrowsAsync<SourceException>(() => PutAsync(careful, "d", "bad"))).Error);
            var refusal = Assert.Throws<SourceException>(() => careful.CreateDirectory(new("f"), FolderAttributes));
            Assert.Equal(SourceError.TargetExists, refusal.Error);
        }
        Assert.True(File.Exists(folder["root/d/deep/x"]));

        using var told = new FileTreeWriter(folder["root"], new() { ReplaceOtherTypes = true });
        await PutAsync(told, "d", "now a file");
        told.CreateDirectory(new EntryPath("f"), FolderAttributes);
        await PutAsync(told, "f/in", "in");
        await told.FinishAsync(default);

        Assert.Equal("now a file", File.ReadAllText(folder["root/d"]));
        Assert.Equal("in", File.ReadAllText(folder["root/f/in"]));
        Assert.True(File.Exists("/etc/passwd"));
    }

    [Fact]
    public async Task Missing_parents_are_made()
    {
        using var folder = new TestFolder();
        using var writer = new FileTreeWriter(folder["not/yet/there"], new());

        await PutAsync(writer, "srv/journal/app.py", "print()");

        Assert.Equal("print()", File.ReadAllText(folder["not/yet/there/srv/journal/app.py"]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Zeros_wherever_they_lie_and_however_they_come_read_back_as_written(int seed)
    {
        using var folder = new TestFolder();
        var random = new Random(seed);
        foreach (var sparse in new[] { true, false })
        {
            using var writer = new FileTreeWriter(folder[$"root{sparse}"], new() { Sparse = sparse });
            for (var i = 0; i < 50; i++)
            {
                var content = new byte[i < 45 ? random.Next(60_000) : random.Next(1 << 20, 5 << 20)]; // The large ones go past the page cache.
                for (var at = 0; at < content.Length; at += random.Next(1, 20_000))
                {
                    random.NextBytes(content.AsSpan(at, Math.Min(random.Next(1, 6_000), content.Length - at)));
                }
                using (var file = writer.BeginFile(new EntryPath($"f{i}"), FileAttributes, content.Length))
                {
                    for (var at = 0; at < content.Length;)
                    {
                        var take = Math.Min(random.Next(1, content.Length < 1 << 20 ? 30_000 : 1_500_000), content.Length - at);
                        await file.WriteAsync(content.AsMemory(at, take));
                        at += take;
                    }
                    await file.CompleteAsync();
                }
                Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(folder[$"root{sparse}/f{i}"])), $"Seed {seed}, file {i}.");
            }
        }
    }

    [Fact]
    public async Task A_full_disk_says_so_and_leaves_nothing_half_written()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir small; mount -t tmpfs -o size=64k none small; echo good >small/f");
        try
        {
            using (var writer = new FileTreeWriter(folder["small"], new() { Sparse = false }))
            {
                Assert.Equal(
                    SourceError.TargetFull,
                    Assert.Throws<SourceException>(() => writer.BeginFile(new EntryPath("f"), FileAttributes, 1 << 20)).Error);
                using var file = writer.BeginFile(new EntryPath("f"), FileAttributes, 0);
                Assert.Equal(
                    SourceError.TargetFull,
                    (await Assert.ThrowsAsync<SourceException>(async () => await file.WriteAsync(new byte[1 << 20]))).Error);
            }
            using (var writer = new FileTreeWriter(folder["small"], new()))
            {
                // A large file is written behind its caller's back: the failure comes with the last call.
                using var file = writer.BeginFile(new EntryPath("f"), FileAttributes, 2 << 20);
                Assert.Equal(SourceError.TargetFull, (await Assert.ThrowsAsync<SourceException>(WriteAllAsync)).Error);

                async Task WriteAllAsync()
                {
                    await file.WriteAsync(Enumerable.Repeat((byte)1, 2 << 20).ToArray());
                    await file.CompleteAsync();
                }
            }
            Assert.Equal("f good\n", await folder.ShellAsync("cd small; echo * $(cat f)"));
        }
        finally
        {
            await folder.ShellAsync("umount small");
        }
    }

    private static EntryAttributes Symlink(string target) =>
        new() { Type = EntryType.Symlink, Permissions = 0x1FF, LinkTarget = Encoding.UTF8.GetBytes(target) };

    private static async Task PutAsync(FileTreeWriter writer, string path, string text)
    {
        using var file = writer.BeginFile(new EntryPath(path), FileAttributes, text.Length);
        await file.WriteAsync(Encoding.UTF8.GetBytes(text));
        await file.CompleteAsync();
    }
}
