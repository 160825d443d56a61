namespace Larder.Testing;

/// <summary>A folder of its own for one test, removed with everything in it when disposed.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("larder-test-").FullName;

    public string FullPath => root;

    public string this[string name] => Path.Combine(root, name);

    public void Dispose()
    {
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
