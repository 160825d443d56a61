using System.CommandLine;
using System.Text.RegularExpressions;
using Larder.Cli;
using Larder.Engine.Errors;

namespace Larder.Tests.Cli;

/// <summary>A hint is read in trouble: what it says to type must be what this version understands.</summary>
public sealed partial class HintTests
{
    private static readonly Command Root = CommandTree.Create(new GlobalOptions());

    [Fact]
    public void Every_command_that_an_error_advises_exists()
    {
        var advice = ErrorTable.Rows.SelectMany(row => new[] { row.Hint, row.Remedy }.SelectMany(text => Advised(text, row.Code))).ToList();

        Assert.True(advice.Count > 20);
        Assert.Empty(advice.SelectMany(Wrong));
    }

    [Fact]
    public void Every_command_that_a_message_or_a_page_names_exists()
    {
        var pages = House.Files.Where(file => file.Path is "README.md" or "SECURITY.md"
            || file.Path.StartsWith("src/", StringComparison.Ordinal)
            || file.Path.StartsWith("deploy/", StringComparison.Ordinal)
            || file.Path.StartsWith("docs/generated/", StringComparison.Ordinal));

        var wrong = pages.SelectMany(file => Advised(file.Text, file.Path)).SelectMany(Wrong).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("run `larder wash` first")]
    [InlineData("\"larder key lose\" does it")]
    [InlineData("run `larder verify --harder`")]
    public void What_does_not_exist_is_found(string text) => Assert.NotEmpty(Advised(text, "here").SelectMany(Wrong));

    private static IEnumerable<(string Where, string[] Words)> Advised(string text, string where) =>
        CommandLine().Matches(text).Select(match => (where, match.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    private static IEnumerable<string> Wrong((string Where, string[] Words) advice)
    {
        var command = Root;
        var isValue = false;
        foreach (var word in advice.Words)
        {
            if (isValue)
            {
                isValue = false;
            }
            else if (word.StartsWith("--", StringComparison.Ordinal))
            {
                var option = command.Options.Concat(Root.Options).FirstOrDefault(known => known.Name == word);
                if (option is null)
                {
                    yield return $"{advice.Where}: larder {string.Join(' ', advice.Words)}: {command.Name} has no {word}";
                }
                isValue = option?.Arity.MinimumNumberOfValues > 0;
            }
            else if (command.Subcommands.Count > 0 && char.IsAsciiLetterLower(word[0]))
            {
                if (command.Subcommands.FirstOrDefault(below => below.Name == word) is not { } found)
                {
                    yield return $"{advice.Where}: larder {string.Join(' ', advice.Words)}: there is no command {word}";
                    yield break;
                }
                command = found;
            }
        }
    }

    // As it stands in quotes or backticks: `larder verify {backup} --level data`. A constant is not meant to be typed.
    [GeneratedRegex("""(?<!= )(?:`|\\?")larder ([a-z-][^`"\\\n|&>]*)(?:`|\\?")""")]
    private static partial Regex CommandLine();
}
