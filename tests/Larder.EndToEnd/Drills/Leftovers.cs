using System.Diagnostics;
using Larder.Sources.Tests;
using Larder.Testing;

namespace Larder.EndToEnd.Drills;

/// <summary>A folder of its own for the drills of one test, so that what they leave can be told from what others do at the same time.</summary>
internal sealed class Leftovers : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder folder = new();

    public Leftovers() => File.SetUnixFileMode(folder.FullPath, (UnixFileMode)0b111_101_101); // Servers run as accounts of their own.

    public string Folder => folder.FullPath;

    /// <summary>The folders that drills have here now.</summary>
    public IReadOnlyList<string> Folders => Directory.GetDirectories(folder.FullPath, "larder-drill-*");

    /// <summary>Waits until no process and no folder of a drill is left, and fails where that does not come.</summary>
    public Task AssertNoneAsync() => UntilAsync(
        () => Folders.Count == 0 && Processes.Count == 0, () => $"Left are {string.Join(", ", Folders.Concat(Processes))}.");

    // A server for tests that is a Windows program is told paths its own way.
    private IReadOnlyList<string> Processes =>
        [.. RunningProcesses.FindByArgument(folder.FullPath), .. RunningProcesses.FindByArgument(folder.FullPath.Replace('/', '\\'))];

    public static Task UntilAsync(Func<bool> condition, Func<string> problem) => UntilAsync(() => Task.FromResult(condition()), problem);

    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> problem)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                Assert.Fail(problem());
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public ValueTask DisposeAsync() => folder.DisposeAsync();
}
