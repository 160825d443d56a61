using System.Globalization;
using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Whether the server has room for a restore: connections, and disk space where it is this machine's.</summary>
internal static class ServerRoom
{
    // pg_restore's own, and the one that looks.
    private const int OtherConnections = 2;

    public static IEnumerable<string> FindObstacles(
        TargetServer server, ServerLook found, IReadOnlyList<RestoreWork> works, DumpRestoreRequest request)
    {
        var beside = works.Where(work => work.Way == RestoreWay.Beside).ToList();
        // Each job has one of pg_restore and one that loads the rows. In place everything goes over one connection, and another one looks.
        var wanted = (beside.Count > 0 ? 2 * request.Jobs : 0) + OtherConnections;
        if (found.FreeConnections < wanted)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The restore needs {wanted} connections, and {server.Show("")} has {Math.Max(0, found.FreeConnections)} free for the role "
                + $"{server.User}. End some, or restore with fewer jobs.");
        }
        var needed = beside.Sum(work => work.Bytes);
        if (FreeBytes(server, found) is { } free && free < needed)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"A second copy beside the live data needs about {needed / 1e6:0.#} MB, and the server's disk has {free / 1e6:0.#} MB "
                + $"free. Make room, or restore in place (--in-place).");
        }
    }

    /// <summary>Of the file system with the server's data; null where that cannot be told from here.</summary>
    public static long? FreeBytes(TargetServer server, ServerLook found)
    {
        try
        {
            // The file is the server's own, so that a folder of the same name in a container is not taken for it.
            return server.IsLocal && found.DataFolder is { } folder && File.Exists(Path.Combine(folder, "postmaster.pid"))
                ? new DriveInfo(folder).AvailableFreeSpace
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
