using Larder.Testing;

namespace Larder.Tests.Cli;

public sealed class CompletionTests
{
    [Fact]
    public async Task The_script_for_bash_is_bash()
    {
        await using var desk = await Desk.LaidAsync();
        await File.WriteAllTextAsync(desk["larder.bash"], (await desk.ExpectAsync(0, "completion", "bash")).Output);

        (await ChildProcess.RunAsync(new ChildCommand("bash", "-n", desk["larder.bash"]))).Expect();
    }

    [Theory]
    [InlineData("zsh", "#compdef larder")]
    [InlineData("fish", "complete -c larder")]
    public async Task The_other_shells_have_one_too(string shell, string holds)
    {
        await using var desk = await Desk.LaidAsync();

        Assert.Contains(holds, (await desk.ExpectAsync(0, "completion", shell)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("re|", "remove repair report restore")]
    [InlineData("key |", "add list remove")]
    [InlineData("backup |", "journal")]
    [InlineData("backup --d|", "--db-only --description --dry-run")]
    [InlineData("backup --description |", "")]
    [InlineData("list --repository |", "local second")]
    [InlineData("list --repository=s|", "--repository=second")]
    [InlineData("verify --level |", "content data structure")]
    [InlineData("show l|", "latest")]
    [InlineData("show journal:|", "journal:latest")]
    [InlineData("ls latest |", "")]
    [InlineData("restore latest --target |", "__files__")]
    [InlineData("completion |", "bash fish zsh")]
    [InlineData("--config larder.yaml backup j|", "journal")]
    public async Task The_words_that_fit_are_answered(string typed, string answers)
    {
        await using var desk = await Desk.LaidAsync();
        var words = typed.TrimEnd('|').Split(' ');

        var said = await desk.ExpectAsync(0, ["complete", "--", .. words]);

        Assert.Equal(answers.Split(' ', StringSplitOptions.RemoveEmptyEntries), said.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(said.Error);
    }

    [Fact]
    public async Task Bash_completes_a_name_with_a_colon_in_it()
    {
        await using var desk = await Desk.LaidAsync();
        await using var larder = new LarderProcess { WorkingFolder = Path.GetDirectoryName(desk["larder.yaml"])! };
        await File.WriteAllTextAsync(desk["larder.bash"], (await desk.ExpectAsync(0, "completion", "bash")).Output);
        var script = $"larder() {{ '{LarderProcess.Program}' \"$@\"; }}; source larder.bash; COMP_WORDS=(larder show journal : l); COMP_CWORD=4; _larder; "
            + "printf '%s\\n' \"${COMPREPLY[@]}\"";

        var said = await ChildProcess.RunAsync(larder.Command() with { Program = "bash", Arguments = ["-c", script] });

        Assert.Equal("latest\n", said.Expect().Output);
    }
}
