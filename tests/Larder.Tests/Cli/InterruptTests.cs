using Larder.Testing;

namespace Larder.Tests.Cli;

public sealed class InterruptTests
{
    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_backup_that_is_interrupted_ends_with_130_and_leaves_nothing_behind(string signal)
    {
        await using var desk = await Desk.LaidAsync(
            """
            state_directory: {0}/state
            repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
            jobs: { slow: { sources: { out: { command: { run: "head -c 3000000 /dev/urandom; touch {0}/started; echo $$ > {0}/pid; sleep 600", name: out.bin } } } } }
            """);
        await desk.InitAsync();
        await using var larder = new LarderProcess();
        await using var backup = larder.Start("--config", desk["larder.yaml"], "--json", "backup");
        await Files.AppearAsync(desk["pid"], backup.Completion);

        (await ChildProcess.RunAsync(new ChildCommand("kill", $"-{signal}", $"{backup.Id}"))).Expect();
        var ended = (await backup.Completion).Expect(130);

        Assert.Contains("\"exit_status\": 130", ended.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(desk["repository/snapshots"]));
        Assert.Empty(Directory.GetFiles(desk["repository/locks"]));
        Assert.DoesNotContain(Directory.GetFiles(desk["repository"], "*", SearchOption.AllDirectories), file => file.Contains("-tmp-", StringComparison.Ordinal));
        var runs = (await desk.ExpectAsync(0, "runs", "--json")).Json;
        Assert.Equal("cancelled", Assert.Single(runs.EnumerateArray()).GetProperty("status").GetString());
        await desk.ExpectAsync(0, "verify", "--level", "data");
    }
}
