namespace Larder.Testing;

/// <summary>Where this source tree stands, for tests that read it or run what it built.</summary>
public static class RepositoryRoot
{
    private const string Marker = "Larder.slnx";

    /// <summary>The folder that holds the solution file, found upwards from the test's own executable.</summary>
    /// <exception cref="DirectoryNotFoundException">The tests do not run inside a source tree.</exception>
    public static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Marker)))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds {Marker}.");
    }

    /// <summary>A path inside the source tree.</summary>
    public static string Combine(params ReadOnlySpan<string> parts) => Path.Combine([Find(), .. parts]);
}
