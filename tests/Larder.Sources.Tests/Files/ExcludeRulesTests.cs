using System.Text;
using Larder.Sources.Files;

namespace Larder.Sources.Tests.Files;

[Trait("Kind", "campaign")]
public sealed class ExcludeRulesTests
{
    private static readonly string[] Pieces =
    [
        "a", "b", "ab", "abc", ".", "x.log", "*", "**", "?", "/", "/", "**/", "/**", "/**/", "[a-c]", "[!a]", "[^b]", "[]a]", "[a-",
        "[[:alpha:]]",
        "[[:digit:]x]", "[[:bad:]]", "[a\\]b]", "\\", "\\*", "\\!", "\\#", "!", "#", " ", "\\ ", "*.log", "***", "\u00e9", "[a-c-e]",
        "[[]", "-", "\t",
    ];

    private static readonly string[] NamePieces =
        ["a", "b", "c", "ab", "abc", ".", "x.log", "*", "!", "#", " ", "\\", "]", "[", "1", "\u00e9", "-", "d", "e", "\t"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Patterns_mean_what_git_says_they_mean(int seed)
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("git init -q .");
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var lines = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Pattern(random)).ToList();
            var paths = Enumerable.Range(0, 120).Select(_ => RandomPath(random)).Distinct().ToList();
            await File.WriteAllTextAsync(folder[".gitignore"], string.Join('\n', lines) + "\n");

            var output = await folder.ShellAsync(
                "git check-ignore --no-index --stdin -z || [ $? = 1 ]", Encoding.UTF8.GetBytes(string.Join('\0', paths) + "\0"));

            var expected = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(output))
                .Split('\0', StringSplitOptions.RemoveEmptyEntries).ToHashSet();
            var rules = new ExcludeRules(lines);
            foreach (var path in paths)
            {
                Assert.True(
                    expected.Contains(path) == IsHidden(rules, path),
                    $"Seed {seed}, round {round}: git says {expected.Contains(path)} of \"{path}\" under [{string.Join("|", lines)}].");
            }
        }
    }

    [Theory]
    [InlineData("build/", "build", true, true)]
    [InlineData("build/", "build", false, false)]
    [InlineData("/build", "sub/build", false, false)]
    [InlineData("sub/build/", "sub/build", true, true)]
    [InlineData("*.log", "deep/down/x.log", false, true)]
    [InlineData("# a comment", "# a comment", false, false)]
    [InlineData("\\# a name", "# a name", false, true)]
    [InlineData("a/**/b", "a/b", false, true)]
    public void A_pattern_says_of_a_path(string pattern, string path, bool isDirectory, bool isExcluded) =>
        Assert.Equal(isExcluded, new ExcludeRules([pattern]).IsExcluded(Encoding.UTF8.GetBytes(path), isDirectory));

    [Fact]
    public void Names_that_are_not_text_are_matched_by_their_bytes() =>
        Assert.True(new ExcludeRules(["*.log"]).IsExcluded([0xff, 0xfe, .. ".log"u8], isDirectory: false));

    /// <summary>As a walk sees it: what lies in an excluded folder is never asked for.</summary>
    private static bool IsHidden(ExcludeRules rules, string path)
    {
        var bytes = Encoding.UTF8.GetBytes(path);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == (byte)'/' && rules.IsExcluded(bytes.AsSpan(0, i), isDirectory: true))
            {
                return true;
            }
        }
        return rules.IsExcluded(bytes, isDirectory: false);
    }

    private static string Pattern(Random random)
    {
        var text = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => Pieces[random.Next(Pieces.Length)]));
        return random.Next(5) == 0 ? "!" + text : text;
    }

    private static string RandomPath(Random random)
    {
        string name;
        var names = new List<string>();
        for (var depth = random.Next(1, 5); depth > 0; depth--)
        {
            do
            {
                name = string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => NamePieces[random.Next(NamePieces.Length)]));
            }
            while (name is "." or "..");
            names.Add(name);
        }
        return string.Join('/', names);
    }
}
