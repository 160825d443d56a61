namespace Larder.Sources.Tests;

internal static class RunningProcesses
{
    /// <summary>The processes with this word in their arguments; dead ones that nobody has waited for do not count.</summary>
    public static IReadOnlyList<string> FindByArgument(string word) =>
        [.. Directory.EnumerateDirectories("/proc").Where(path => ReadArguments(path).Contains(word, StringComparison.Ordinal))];

    private static string ReadArguments(string process)
    {
        try
        {
            return File.ReadAllText(process + "/cmdline");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
