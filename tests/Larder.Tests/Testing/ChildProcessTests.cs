using Larder.Testing;

namespace Larder.Tests.Testing;

public sealed class ChildProcessTests
{
    [Fact]
    public async Task Both_streams_and_the_status_come_back()
    {
        var said = await ChildProcess.RunAsync(new ChildCommand("bash", "-c", "echo out; echo err >&2; exit 7"));

        Assert.Equal((7, "out\n", "err\n"), (said.ExitStatus, said.Output, said.Error));
        Assert.Contains("status 7", Assert.Throws<ChildFailedException>(() => said.Expect()).Message);
    }

    [Fact]
    public async Task A_child_that_writes_much_and_reads_much_at_once_does_not_stall()
    {
        var bytes = new byte[4 << 20];
        var said = await ChildProcess.RunAsync(new ChildCommand("cat")
        {
            StandardInput = async (input, cancellationToken) => await input.WriteAsync(bytes, cancellationToken),
        });

        Assert.True(bytes.AsSpan().SequenceEqual(said.Expect().OutputBytes.Span));
    }

    [Fact]
    public async Task A_child_that_does_not_read_its_input_is_no_error_of_ours()
    {
        var said = await ChildProcess.RunAsync(new ChildCommand("true")
        {
            StandardInput = async (input, cancellationToken) => await input.WriteAsync(new byte[4 << 20], cancellationToken),
        });

        Assert.Equal(0, said.ExitStatus);
    }

    [Fact]
    public async Task A_killed_child_shows_the_signal()
    {
        await using var child = ChildProcess.Start(new ChildCommand("sleep", "600"));
        var said = await child.KillAfterAsync(TimeSpan.FromMilliseconds(20), TimeProvider.System);

        Assert.True(said.WasKilled, said.ToString());
    }

    [Fact]
    public async Task A_child_beyond_its_bound_is_killed_with_its_own_children()
    {
        var command = new ChildCommand("bash", "-c", "sleep 600 & echo $!; wait") { Bound = TimeSpan.FromMilliseconds(300) };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => ChildProcess.RunAsync(command));

        Assert.Contains("did not end within", thrown.Message);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var thrown = await Assert.ThrowsAsync<FileNotFoundException>(() => ChildProcess.RunAsync(new ChildCommand("/nowhere/program")));

        Assert.Contains("/nowhere/program", thrown.Message);
    }

    [Fact]
    public async Task A_temporary_folder_goes_away_with_names_that_are_no_text()
    {
        string path;
        await using (var folder = new TemporaryFolder())
        {
            path = folder.FullPath;
            (await ChildProcess.RunAsync(new ChildCommand("bash", "-c", "mkdir closed && touch closed/$'\\xff\\n' && chmod 0 closed")
            {
                WorkingFolder = path,
            })).Expect();
        }

        Assert.False(Directory.Exists(path));
    }
}
