using Larder.Cli;

namespace Larder.Tests.Cli;

public sealed class SecretsTests
{
    [Fact]
    public async Task No_command_says_a_password_however_talkative_it_is()
    {
        await using var desk = await Desk.LaidAsync();
        desk.Variables["LARDER_DEBUG"] = "1";
        await desk.InitAsync();
        await desk.ExpectAsync(0, "backup");
        foreach (var command in CommandReference.Shown(CommandTree.Create(new GlobalOptions())))
        {
            string[] words = [.. command.FullName.Split(' ').Skip(1), .. Arguments(command.FullName), "-vv"];
            foreach (var line in new[] { words, [.. words, "--json"] })
            {
                var said = await (command.FullName == "larder serve" ? desk.RunUntilItSpeaksAsync(line) : desk.RunAsync(line));
                Assert.DoesNotContain(Desk.Password, said.Output + said.Error, StringComparison.Ordinal);
                Assert.True(said.Status != 1, $"larder {string.Join(' ', line)}\n{said.Error}\n{said.Output}");
            }
        }
    }

    private static string[] Arguments(string command) => command switch
    {
        "larder show" or "larder ls" or "larder restore" or "larder remove" or "larder pin" or "larder unpin" => ["latest"],
        "larder export" => ["latest", "--to", "-", "--format", "tar.gz"],
        "larder copy" => ["--from", "local", "--to", "second"],
        "larder key list" or "larder key add" => ["--repository", "local"],
        "larder key remove" => ["00000000", "--repository", "local"],
        "larder completion" => ["bash"],
        "larder serve" => ["--listen", "127.0.0.1:0"],
        _ => [],
    };
}
