namespace Larder.Testing;

/// <summary>A folder of one test's own, removed with all that is in it when the test ends.</summary>
public sealed class TemporaryFolder : IDisposable, IAsyncDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("larder-test-").FullName;

    public string this[string name] => Path.Combine(FullPath, name);

    public string Combine(params ReadOnlySpan<string> parts) => Path.Combine([FullPath, .. parts]);

    /// <summary>Makes a folder below this one, and those above it, and returns its full path.</summary>
    public string Make(params ReadOnlySpan<string> parts) => Directory.CreateDirectory(Combine(parts)).FullName;

    /// <summary>What lies in it, in the order of its bytes.</summary>
    public IEnumerable<string> Names =>
        Directory.EnumerateFileSystemEntries(FullPath).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    /// <summary>Removes it by <c>rm</c>, because .NET cannot name a file whose name is not UTF-8, and our tests make such files.</summary>
    public async ValueTask DisposeAsync()
    {
        var remove = new ChildCommand("rm", "-rf", "--", FullPath);
        if ((await ChildProcess.RunAsync(remove)).ExitStatus == 0)
        {
            return;
        }

        // A restored folder may be read-only, and then nothing in it can be removed by anybody but root.
        await ChildProcess.RunAsync(new ChildCommand("chmod", "-R", "u+rwX", "--", FullPath));
        (await ChildProcess.RunAsync(remove)).Expect();
    }

    /// <summary>For tests that made only what .NET can name.</summary>
    public void Dispose()
    {
        if (Directory.Exists(FullPath))
        {
            Directory.Delete(FullPath, recursive: true);
        }
    }
}
