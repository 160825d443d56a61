using Larder.Sources.Files;

namespace Larder.Sources.Tests.Files;

public sealed class DurableFileTests
{
    [Fact]
    public void It_is_whole_private_and_alone()
    {
        using var folder = new TestFolder();
        DurableFile.CreatePrivate(folder["key"], "secret"u8);
        Assert.Equal("secret", File.ReadAllText(folder["key"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["key"]));
        Assert.Single(Directory.GetFileSystemEntries(folder["."]));
    }

    [Fact]
    public void What_stands_there_stays_and_nothing_is_left_beside_it()
    {
        using var folder = new TestFolder();
        folder.Write("key", "good");
        Assert.Throws<IOException>(() => DurableFile.CreatePrivate(folder["key"], "other"u8));
        Assert.Equal("good", File.ReadAllText(folder["key"]));
        Assert.Single(Directory.GetFileSystemEntries(folder["."]));
    }

    [Fact]
    public async Task A_held_file_can_be_opened_by_nobody_else_until_it_is_disposed()
    {
        using var folder = new TestFolder();
        using (DurableFile.CreateHeld(folder["journal"], "first"u8))
        {
            Assert.Throws<IOException>(() => new FileStream(folder["journal"], FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        }
        Assert.Equal("first", await File.ReadAllTextAsync(folder["journal"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_replaced_file_is_the_new_one_and_nothing_lies_beside_it()
    {
        using var folder = new TestFolder();
        DurableFile.Replace(folder["report"], "old and longer"u8);
        DurableFile.Replace(folder["report"], "new"u8);
        Assert.Equal("new", await File.ReadAllTextAsync(folder["report"], TestContext.Current.CancellationToken));
        Assert.Equal([folder["report"]], Directory.EnumerateFileSystemEntries(folder.Path));
    }
}
