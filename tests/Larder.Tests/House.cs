using System.Text.RegularExpressions;
using Larder.Testing;

namespace Larder.Tests;

/// <summary>The source tree as text, read once: what HouseTests look at.</summary>
internal static partial class House
{
    private static readonly string[] LeftOut = ["bin", "obj", ".git", ".vs", ".idea", "artifacts", "BenchmarkDotNet.Artifacts", "TestResults"];

    private static readonly string[] TextEndings =
        [".cs", ".csproj", ".props", ".targets", ".slnx", ".md", ".json", ".yaml", ".yml", ".sh", ".razor", ".css", ".js", ".html", ".txt", ".service"];

    public static string Root { get; } = RepositoryRoot.Find();

    /// <summary>Every text file, with paths from the root and forward slashes.</summary>
    public static IReadOnlyList<HouseFile> Files { get; } = [.. Read(new DirectoryInfo(Root))];

    public static IEnumerable<HouseFile> Code => Files.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal));

    public static IEnumerable<HouseFile> CodeIn(params string[] folders) =>
        Code.Where(file => folders.Any(folder => file.Path.StartsWith($"{folder}/", StringComparison.Ordinal)));

    private static IEnumerable<HouseFile> Read(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles())
        {
            var path = Path.GetRelativePath(Root, file.FullName);
            if (TextEndings.Contains(file.Extension) || file.Name is "Makefile" || IsScript(file))
            {
                yield return new HouseFile(path, File.ReadAllText(file.FullName));
            }
        }

        foreach (var below in folder.EnumerateDirectories().Where(below => !LeftOut.Contains(below.Name) && below.LinkTarget is null))
        {
            foreach (var file in Read(below))
            {
                yield return file;
            }
        }
    }

    private static bool IsScript(FileInfo file)
    {
        if (file.Extension.Length > 0 || file.Length is < 2 or > 1 << 20)
        {
            return false;
        }

        using var stream = file.OpenRead();
        return stream.ReadByte() == '#' && stream.ReadByte() == '!';
    }

    /// <summary>Comments, and the inside of strings and characters, replaced by spaces, so that words in prose are not taken for uses.</summary>
    public static string WithoutProse(string code) => Prose().Replace(code, match => match.Value.StartsWith('/')
        ? Blank(match.Value)
        : $"\"{Blank(match.Value[1..^1])}\"");

    private static string Blank(string text) => NotLineEnd().Replace(text, " ");

    // In this order: line and block comments; raw, verbatim and plain strings; characters.
    [GeneratedRegex(
        """"//[^\n]*|/\*.*?\*/|"""+.*?"""+|@"(?:[^"]|"")*"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'"""",
        RegexOptions.Singleline)]
    private static partial Regex Prose();

    [GeneratedRegex("[^\n]")]
    private static partial Regex NotLineEnd();
}

/// <param name="Path">From the root of the tree.</param>
internal sealed record HouseFile(string Path, string Text)
{
    private readonly Lazy<string> code = new(() => House.WithoutProse(Text));

    /// <summary>The text without comments and without what stands in strings.</summary>
    public string Code => code.Value;

    public string[] Lines => Text.Split('\n');

    /// <summary>Every match as "path:line: what was found".</summary>
    public IEnumerable<string> Findings(Regex pattern, bool inCode = true)
    {
        var text = inCode ? Code : Text;
        return pattern.Matches(text).Select(match => $"{Path}:{text.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value.Trim()}");
    }
}
