using Larder.Engine.Catalog;

namespace Larder.Engine.Monitoring;

/// <summary>How full the disk is that a folder lies on.</summary>
internal static class DiskReading
{
    /// <summary>Null where the folder is not there or its disk does not say.</summary>
    public static DiskSample? Of(string folder, DateTimeOffset now)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                return null;
            }
            var disk = new DriveInfo(folder);

            // What only root may still write is not free: a backup by another user fails before.
            return new DiskSample(now, disk.TotalSize - disk.AvailableFreeSpace, disk.TotalSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
