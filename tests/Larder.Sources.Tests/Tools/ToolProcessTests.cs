using System.Globalization;
using System.Text;
using Larder.Sources.Tools;

namespace Larder.Sources.Tests.Tools;

public sealed class ToolProcessTests
{
    private readonly string mark = $"larder-tool-{Guid.NewGuid():N}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exit 3", "exit status 3")]
    [InlineData("kill -9 $$", "signal 9, SIGKILL")]
    [InlineData("kill -TERM $$", "signal 15, SIGTERM")]
    public async Task A_bad_end_is_named_with_the_last_words(string end, string named)
    {
        await using var process = Start($"echo whole; echo it broke >&2; {end}");
        Assert.Equal("whole\n", await ReadAsync(process));
        var error = await Assert.ThrowsAsync<SourceException>(() => process.CompleteAsync(Cancellation));
        Assert.Equal(SourceError.ToolFailed, error.Error);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("it broke", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_line_is_never_in_a_message()
    {
        await using var process = Start("true hunter2; exit 1");
        _ = await ReadAsync(process);
        var error = await Assert.ThrowsAsync<SourceException>(() => process.CompleteAsync(Cancellation));
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_errors_blocks_nobody_and_its_end_is_kept()
    {
        await using var process = Start("yes nonsense | head -c 2999997 >&2; echo out; echo the end >&2");
        Assert.Equal("out\n", await ReadAsync(process));
        await process.CompleteAsync(Cancellation);
        Assert.Contains("nonsense\nnonsense\n", process.ErrorText, StringComparison.Ordinal);
        Assert.EndsWith("\nthe end\n", process.ErrorText, StringComparison.Ordinal);
        Assert.Equal(64 * 1024, process.ErrorText.Length);
    }

    [Fact]
    public async Task A_reader_that_wants_no_more_ends_the_program()
    {
        await using var process = Start("yes");
        await process.Output.ReadAsync(Cancellation);
        await process.Output.CompleteAsync();
        var error = await Assert.ThrowsAsync<SourceException>(() => process.CompleteAsync(Cancellation));
        Assert.Equal(SourceError.ToolFailed, error.Error); // By SIGPIPE, or by status where this process was started with that ignored.
    }

    [Fact]
    public async Task A_program_that_nobody_reads_is_held_back()
    {
        await using var process = Start("exec head -c 100000000 /dev/zero");
        var written = 0L;
        for (var unchanged = 0; written < 1024 * 1024 || unchanged < 500;)
        {
            await Task.Yield();
            var status = await File.ReadAllLinesAsync($"/proc/{process.Id}/io", Cancellation);
            var now = long.Parse(status.Single(line => line.StartsWith("wchar: ", StringComparison.Ordinal))[7..], null);
            unchanged = now == written ? unchanged + 1 : 0;
            written = now;
        }
        Assert.InRange(written, 1024 * 1024, 2400 * 1024); // The kernel's pipe and ours, 1 MiB each, and what is being read.
    }

    [Fact]
    public async Task Time_out_ends_the_whole_group_and_fails_the_reader()
    {
        await using var process = ToolProcess.Start(
            Shell($"echo first; sh -c 'trap \"\" TERM; sleep 1000' {mark} & sh -c 'sleep 1000; true' {mark}; true") with
            {
                Timeout = TimeSpan.FromMilliseconds(300),
            },
            TimeProvider.System);
        var reading = await Assert.ThrowsAsync<SourceException>(() => ReadAsync(process));
        Assert.Equal(SourceError.TimedOut, reading.Error);
        var error = await Assert.ThrowsAsync<SourceException>(() => process.CompleteAsync(Cancellation));
        Assert.Equal(SourceError.TimedOut, error.Error);
        Assert.Contains("0.3 seconds", error.Message, StringComparison.Ordinal);
        await process.DisposeAsync();
        Assert.Empty(RunningProcesses.FindByArgument(mark));
    }

    [Fact]
    public async Task Disposing_ends_children_that_ignore_a_polite_request()
    {
        var process = ToolProcess.Start(
            Shell($"trap '' TERM; sh -c 'trap \"\" TERM; echo ready; sleep 1000' {mark}; sleep 1000") with { GracePeriod = TimeSpan.FromMilliseconds(100) },
            TimeProvider.System);
        await process.Output.ReadAsync(Cancellation);
        Assert.NotEmpty(RunningProcesses.FindByArgument(mark));
        await process.DisposeAsync();
        await process.DisposeAsync(); // Harmless when repeated.
        Assert.Empty(RunningProcesses.FindByArgument(mark));
    }

    [Fact]
    public async Task Disposing_right_after_the_start_leaves_nothing()
    {
        for (var round = 0; round < 20; round++)
        {
            await Start($"sh -c 'sleep 1000' {mark}").DisposeAsync();
        }
        Assert.Empty(RunningProcesses.FindByArgument(mark));
    }

    [Fact]
    public async Task A_dead_process_that_its_parent_does_not_fetch_is_not_waited_for()
    {
        // The first is in the group; its parent has left for a session of its own and never asks after it.
        var process = Start("(sleep 1000 & echo $!; exec setsid sh -c 'echo $$; exec sleep 1000 >/dev/null') & wait");
        var lines = new StreamReader(process.Output.AsStream(leaveOpen: true));
        var dead = await lines.ReadLineAsync(Cancellation);
        var parent = int.Parse((await lines.ReadLineAsync(Cancellation))!, CultureInfo.InvariantCulture);
        try
        {
            await process.DisposeAsync();
            Assert.Contains(" Z ", await File.ReadAllTextAsync($"/proc/{dead}/stat", Cancellation), StringComparison.Ordinal);
            Assert.True(new ProcessGroup(process.Id).IsEmpty);
        }
        finally
        {
            System.Diagnostics.Process.GetProcessById(parent).Kill();
        }
    }

    [Fact]
    public async Task A_grandchild_that_holds_the_output_open_is_waited_for_only_so_long()
    {
        await using var process = ToolProcess.Start(
            Shell($"sh -c 'sleep 1000; true' {mark} & echo done") with { DrainTimeout = TimeSpan.FromMilliseconds(200) }, TimeProvider.System);
        Assert.Equal("done\n", await ReadAsync(process));
        var error = await Assert.ThrowsAsync<SourceException>(() => process.CompleteAsync(Cancellation));
        Assert.Equal(SourceError.ToolFailed, error.Error);
        Assert.Contains("holds its output open", error.Message, StringComparison.Ordinal);
        await process.DisposeAsync();
        Assert.Empty(RunningProcesses.FindByArgument(mark));
    }

    [Fact]
    public async Task What_a_grandchild_still_writes_after_the_exit_is_read()
    {
        await using var process = Start("(sleep 0.2; echo late) & echo early");
        Assert.Equal("early\nlate\n", await ReadAsync(process));
        await process.CompleteAsync(Cancellation);
    }

    [Fact]
    public async Task Secrets_come_by_the_environment_and_standard_input_is_empty()
    {
        await using var process = ToolProcess.Start(
            Shell("cat; echo $SECRET") with { Environment = new Dictionary<string, string> { ["SECRET"] = "by environment" } }, TimeProvider.System);
        Assert.Equal("by environment\n", await ReadAsync(process));
        await process.CompleteAsync(Cancellation);
    }

    [Fact]
    public void A_program_that_is_not_installed_is_named()
    {
        var start = new ToolStart { Program = "larder-no-such-program", ShownName = "The dump" };
        var error = Assert.Throws<SourceException>(() => ToolProcess.Start(start, TimeProvider.System));
        Assert.Equal(SourceError.ToolMissing, error.Error);
        Assert.Contains("larder-no-such-program", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_megabytes_pass_unchanged()
    {
        await using var process = Start("head -c 100000000 /dev/zero");
        await using var stream = process.Output.AsStream();
        var buffer = new byte[1 << 16];
        var total = 0L;
        int read;
        while ((read = await stream.ReadAsync(buffer, Cancellation)) > 0)
        {
            Assert.Equal(-1, buffer.AsSpan(0, read).IndexOfAnyExcept((byte)0));
            total += read;
        }
        Assert.Equal(100_000_000, total);
        await process.CompleteAsync(Cancellation);
    }

    private static ToolStart Shell(string line) => ToolStart.Shell(line, "The tool");

    private static ToolProcess Start(string line) => ToolProcess.Start(Shell(line), TimeProvider.System);

    private static async Task<string> ReadAsync(ToolProcess process)
    {
        using var reader = new StreamReader(process.Output.AsStream(), Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancellation);
    }
}
