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
}
