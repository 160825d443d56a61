namespace Larder.Tests.Cli;

public sealed class UsageTests
{
    [Theory]
    [InlineData("", "needs a command")]
    [InlineData("backpu", "did you mean \"backup\"")]
    [InlineData("backup --dyr-run", "did you mean \"--dry-run\"")]
    [InlineData("backup journal --descripton=x", "did you mean \"--description\"")]
    [InlineData("key lst", "did you mean \"list\"")]
    [InlineData("key", "needs a command: list, add, remove")]
    [InlineData("show", "needs BACKUP")]
    [InlineData("show a b", "does not know what to do with \"b\"")]
    [InlineData("verify --level deep", "takes structure, data, content, and not \"deep\"")]
    [InlineData("verify --level data --subset 8/7", "a share such as 1/7")]
    [InlineData("verify --level structure --subset 1/7", "leave --level structure away")]
    [InlineData("backup --only", "--only needs a value")]
    [InlineData("backup --description a --description b", "--description was given more than once")]
    [InlineData("backup --db-only --code-only", "leave nothing to back up")]
    [InlineData("backup --tag job:other", "a meaning of its own")]
    [InlineData("backup other", "no job \"other\"")]
    [InlineData("backup --only nothing", "no source \"nothing\"")]
    [InlineData("export latest", "needs --to")]
    [InlineData("export latest --to - --json", "both want stdout")]
    [InlineData("list --repository nowhere", "no repository \"nowhere\"")]
    [InlineData("list --lock-wait soon", "takes a duration")]
    [InlineData("pin latest --repository local", "takes no --repository")]
    [InlineData("remove latest --repository local", "takes no --repository")]
    [InlineData("copy --from local --to local", "the same repository")]
    [InlineData("runs --limit none", "a number of 1 or more")]
    [InlineData("key add", "there is no terminal to ask at")]
    [InlineData("completion tcsh", "bash, zsh and fish")]
    [InlineData("list --config nowhere.yaml", "does not exist")]
    public async Task What_cannot_be_understood_ends_with_2_and_says_what_was_meant(string line, string says)
    {
        await using var desk = await Desk.LaidAsync();
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        var said = await desk.ExpectAsync(2, words);
        var json = await desk.ExpectAsync(2, [.. words, "--json"]);

        // The export with --json is the one line above that says it itself.
        Assert.Contains(says, said.Error + said.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
        Assert.Equal(2, json.Json.GetProperty("error").GetProperty("exit_status").GetInt32());
        Assert.StartsWith("LARDER-", json.Json.GetProperty("error").GetProperty("code").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_after_two_dashes_are_no_options()
    {
        await using var desk = await Desk.LaidAsync();

        Assert.Contains("no job \"--dry-run\"", (await desk.ExpectAsync(2, "backup", "--", "--dry-run")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_problem_of_a_configuration_is_told_at_once()
    {
        await using var desk = await Desk.LaidAsync("repositories: { local: { path: /x, pasword: y } }\njobs: { a: { sources: {}, colour: red } }\n");

        var refused = await desk.ExpectAsync(2, "list");
        var validated = await desk.ExpectAsync(2, "config", "validate");
        var json = await desk.ExpectAsync(2, "config", "validate", "--json");

        foreach (var said in new[] { refused.Error, validated.Output, json.Output })
        {
            Assert.Contains("pasword", said, StringComparison.Ordinal);
            Assert.Contains("colour", said, StringComparison.Ordinal);
        }
        Assert.False(json.Json.GetProperty("valid").GetBoolean());
        Assert.True(json.Json.GetProperty("problems").GetArrayLength() > 1);
    }
}
