namespace Larder.Sources.Files;

/// <summary>
/// Makes a folder with its parents, and remembers which of them were not there before, so that a failure leaves none behind.
/// </summary>
internal sealed class MadeFolders
{
    private readonly List<string> made = []; // The deepest first.

    private MadeFolders()
    {
    }

    /// <summary>Fails with <see cref="SourceException"/>.</summary>
    public static MadeFolders Make(string folder)
    {
        var result = new MadeFolders();
        for (var path = folder; path is not null && !Path.Exists(path); path = Path.GetDirectoryName(path))
        {
            result.made.Add(path);
        }
        try
        {
            Directory.CreateDirectory(folder);
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            result.RemoveEmpty();
            throw new SourceException(SourceError.TargetFailed, $"The folder \"{folder}\" cannot be made: {e.Message}", e);
        }
    }

    public void RemoveEmpty()
    {
        try
        {
            foreach (var path in made.Where(Directory.Exists))
            {
                Directory.Delete(path, recursive: false);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return; // Somebody has put something there meanwhile: theirs.
        }
    }
}
