using Larder.Cli;
using Larder.Testing;

namespace Larder.Tests.Cli;

public sealed class HelpPageTests
{
    public static TheoryData<string> Commands =>
        [.. CommandReference.Shown(CommandTree.Create(new GlobalOptions())).Select(command => command.FullName), "larder", "larder key", "larder config", "larder repair",
            "larder user", "larder token"];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_help_page_of_every_command_is_the_recorded_one(string command)
    {
        await using var desk = await Desk.LaidAsync();
        string[] words = [.. command.Split(' ').Skip(1), "--help"];

        var said = await desk.ExpectAsync(0, words);

        Assert.Contains("EXIT STATUS\n", said.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(said.Output.Split('\n'), line => line.Length > 140);
        await GeneratedDocument.ExpectAsync($"tests/Larder.Tests/Cli/help/{command.Replace(' ', '-')}.txt", said.Output);
    }

    [Fact]
    public void Every_command_has_a_description_and_an_example_that_it_understands()
    {
        var root = CommandTree.Create(new GlobalOptions());
        foreach (var command in CommandReference.Shown(root))
        {
            Assert.True(command.Description is { Length: > 10 } description && description.EndsWith('.'), command.FullName);
            Assert.True(command.Json.Length > 0, $"{command.FullName} does not say what --json prints.");
            Assert.NotEmpty(command.Examples);
            Assert.All(command.Examples, example => Assert.Contains(command.FullName.Split(' ')[^1], example.Line, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("browse"), InlineData("diff")]
    public async Task What_this_version_does_not_do_is_not_offered(string command)
    {
        await using var desk = await Desk.LaidAsync();

        Assert.Contains($"has no command \"{command}\"", (await desk.ExpectAsync(2, command)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public Task The_reference_is_what_the_commands_say() => GeneratedDocument.ExpectAsync("docs/generated/CLI.md", CommandReference.Write());
}
