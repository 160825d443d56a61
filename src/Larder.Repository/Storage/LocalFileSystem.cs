namespace Larder.Repository.Storage;

/// <summary>Tells disks of this machine from folders that another machine, or a program, answers for.</summary>
internal static class LocalFileSystem
{
    // As the system names them. What is not among them may be perfectly local, and is only waited for.
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "tmpfs", "apfs", "hfs",
    };

    public static bool IsOfOneMachine(string path)
    {
        try
        {
            return Known.Contains(new DriveInfo(path).DriveFormat);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
