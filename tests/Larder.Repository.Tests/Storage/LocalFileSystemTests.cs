using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Storage;

public sealed class LocalFileSystemTests
{
    [Fact]
    public void A_disk_of_this_machine_shows_at_once_what_was_written()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(TimeSpan.Zero, new LocalStorage(folder.FullPath).ListingDelay);
    }

    [Theory]
    [InlineData("/proc/self")] // No file system that keeps files: what is not known is waited for.
    [InlineData("/not/there")]
    public void What_is_not_known_to_be_local_is_waited_for(string path) =>
        Assert.Equal(TimeSpan.FromMilliseconds(200), new LocalStorage(path).ListingDelay);
}
