using Larder.Testing;

namespace Larder.EndToEnd.Restores;

/// <summary>Runs the program and has it killed at one line of a restore's journal: no sooner and no later, however busy the machine is.</summary>
internal static class JournalKiller
{
    private static readonly string Source = RepositoryRoot.Combine("tests", "Larder.EndToEnd", "Restores", "kill-at-line.c");
    private static readonly Lazy<Task<string>> Library = new(BuildAsync);

    /// <returns>How it ended: it may have written fewer lines than that.</returns>
    public static async Task<ChildResult> RunAsync(LarderProcess larder, KillPoint point, params IReadOnlyList<string> arguments)
    {
        larder.Environment["LD_PRELOAD"] = await Library.Value;
        larder.Environment["KILL_AT"] = point.ToString();
        try
        {
            return await larder.RunAsync(arguments);
        }
        finally
        {
            larder.Environment.Remove("LD_PRELOAD");
            larder.Environment.Remove("KILL_AT");
        }
    }

    /// <summary>Beside the tests, where it is made anew by each run.</summary>
    private static async Task<string> BuildAsync()
    {
        var library = Path.Combine(AppContext.BaseDirectory, "kill-at-line.so");
        (await ChildProcess.RunAsync(new ChildCommand("gcc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, Source))).Expect();
        return library;
    }
}
