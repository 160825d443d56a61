namespace Larder.Repository.Storage;

/// <summary>Tells disks of this machine from folders that another machine, or a program, answers for.</summary>
internal static class LocalFileSystem
{
    // As the system names them. What is not among them may be perfectly local, and is only waited for.
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "tmpfs", "apfs", "hfs",
    };

    // What restic waits, too.
    private static readonly TimeSpan NetworkDelay = TimeSpan.FromMilliseconds(200);

    public static TimeSpan ListingDelay(string path)
    {
        try
        {
            return Known.Contains(new DriveInfo(path).DriveFormat) ? TimeSpan.Zero : NetworkDelay;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return NetworkDelay;
        }
    }
}
