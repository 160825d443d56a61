using System.Text;

namespace Larder.Sources.Files;

/// <summary>What is left out of a folder, with the meaning of .gitignore lines: the last line that matches decides.</summary>
internal sealed class ExcludeRules
{
    private readonly ExcludePattern[] patterns;

    public ExcludeRules(IEnumerable<string> lines) =>
        patterns = [.. lines.Select(line => ExcludePattern.Parse(Encoding.UTF8.GetBytes(line))).OfType<ExcludePattern>()];

    /// <summary>
    /// Says it of one path whose parents are not excluded. Who asks does not go into what is excluded, which hides what is below.
    /// </summary>
    public bool IsExcluded(ReadOnlySpan<byte> path, bool isDirectory)
    {
        for (var i = patterns.Length - 1; i >= 0; i--)
        {
            if (patterns[i].Matches(path, isDirectory))
            {
                return !patterns[i].IsReinclude;
            }
        }
        return false;
    }
}
