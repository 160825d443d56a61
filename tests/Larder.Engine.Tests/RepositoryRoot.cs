namespace Larder.Engine.Tests;

/// <summary>The folder of <c>Larder.slnx</c>, above the place the tests run from: golden files and generated documents are read there.</summary>
internal static class RepositoryRoot
{
    public static bool UpdatesGenerated => Environment.GetEnvironmentVariable("LARDER_UPDATE_GENERATED") == "1";

    public static string Combine(params string[] parts)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Larder.slnx")))
        {
            folder = folder.Parent;
        }
        Assert.NotNull(folder);
        return Path.Combine([folder.FullName, .. parts]);
    }
}
