namespace Larder.Sources.Tools;

/// <summary>Folders whose names begin with a prefix and the <see cref="ProcessMark"/> of the process that made them.</summary>
internal static class Leftovers
{
    /// <summary>Of folders with a keeper.</summary>
    public const string DrillPrefix = "larder-drill-";

    /// <summary>Of databases on scratch servers.</summary>
    public const string ScratchPrefix = "larder_drill_";

    /// <summary>Of folders that their process removes itself.</summary>
    public const string WorkPrefix = "larder-work-";

    /// <summary>Removes those whose process runs no more, as far as that is permitted.</summary>
    /// <returns>What was removed.</returns>
    public static IReadOnlyList<string> Remove(string parent, string prefix)
    {
        var removed = new List<string>();
        foreach (var path in Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, prefix + "*") : [])
        {
            // A link that somebody else laid there leads nowhere.
            var isLink = new DirectoryInfo(path).LinkTarget is not null;
            if (!isLink && ProcessMark.IsDead(Path.GetFileName(path)[prefix.Length..]) && TryRemove(path))
            {
                removed.Add(path);
            }
        }
        return removed;
    }

    public static bool TryRemove(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
                return true;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Somebody else's, or being removed by its keeper at this moment.
        }
        return false;
    }
}
