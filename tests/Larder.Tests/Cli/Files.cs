namespace Larder.Tests.Cli;

/// <summary>Waits for what another process does, by being told of it.</summary>
internal static class Files
{
    /// <summary>Until a file is there; fails where the process that should make it has ended.</summary>
    public static async Task AppearAsync(string path, Task<Larder.Testing.ChildResult> maker)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!);
        watcher.Created += (_, change) =>
        {
            if (change.FullPath == path)
            {
                seen.TrySetResult();
            }
        };
        watcher.EnableRaisingEvents = true;
        if (!File.Exists(path) && await Task.WhenAny(seen.Task, maker) == maker && !File.Exists(path))
        {
            throw new InvalidOperationException((await maker).ToString());
        }
    }
}
