using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Sources;

namespace Larder.Engine.Drills;

/// <summary>Where the throwaway data of a drill go.</summary>
internal static class DrillPlace
{
    public static string Of(DrillSettings settings) => settings.Folder ?? Path.GetTempPath();

    /// <summary>
    /// The folder, where it has room for what a source restores to. Fails with <see cref="SourceException"/>:
    /// <see cref="SourceError.TargetFull"/>, <see cref="SourceError.NotFound"/>.
    /// </summary>
    public static string Of(DrillSettings settings, ReadableSource source)
    {
        var folder = Of(settings);
        if (!Directory.Exists(folder))
        {
            throw new SourceException(
                SourceError.NotFound, $"The drill's folder {folder} is not there; make it, or name another in the job's drill.folder.");
        }
        var needed = source.Recorded?.SizeBytes ?? 0;
        var free = new DriveInfo(folder).AvailableFreeSpace;
        return free >= needed ? folder : throw new SourceException(
            SourceError.TargetFull,
            $"A drill of source \"{source.Name}\" needs at least {ByteSize.Format(needed)} in {folder}, which has {ByteSize.Format(free)} "
            + "free; name a folder with more room in the job's drill.folder.");
    }
}
