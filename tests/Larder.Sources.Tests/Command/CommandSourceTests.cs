using Larder.Sources.Command;

namespace Larder.Sources.Tests.Command;

public sealed class CommandSourceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exit 1", "exit status 1")]
    [InlineData("kill -9 $$", "SIGKILL")]
    public async Task A_program_that_fails_after_writing_everything_fails_the_session(string end, string named)
    {
        await using var session = await OpenAsync($"seq 1 100000; {end}");
        Assert.Equal(588895, await DrainAsync(session));
        var error = await Assert.ThrowsAsync<SourceException>(() => session.CompleteAsync(Cancellation));
        Assert.Equal(SourceError.ToolFailed, error.Error);
        Assert.Contains("dump.sql", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_takes_too_long_fails_while_it_is_read()
    {
        var settings = new CommandSettings { Run = "echo begun; sleep 1000", Name = "dump.sql", Timeout = TimeSpan.FromMilliseconds(200) };
        await using var session = await new CommandSource(settings, TimeProvider.System).OpenAsync(Cancellation);
        var error = await Assert.ThrowsAsync<SourceException>(() => DrainAsync(session));
        Assert.Equal(SourceError.TimedOut, error.Error);
    }

    [Fact]
    public async Task An_empty_output_is_doubtful()
    {
        await using var session = await OpenAsync("true");
        Assert.Equal(0, await DrainAsync(session));
        var outcome = await session.CompleteAsync(Cancellation);
        Assert.Equal("dump.sql", Assert.Single(outcome.Warnings).Path);
    }

    [Fact]
    public async Task The_output_is_recorded_with_its_length()
    {
        await using var session = await OpenAsync("printf 12345");
        Assert.Equal(5, await DrainAsync(session));
        var facts = Assert.Single((await session.CompleteAsync(Cancellation)).Entries);
        Assert.Equal(new EntryFacts { Name = "dump.sql", Kind = "output", File = "dump.sql", Bytes = 5 }, facts);
    }

    private static Task<ISourceSession> OpenAsync(string run) =>
        new CommandSource(new CommandSettings { Run = run, Name = "dump.sql" }, TimeProvider.System).OpenAsync(Cancellation);

    private static async Task<long> DrainAsync(ISourceSession session)
    {
        var bytes = 0L;
        await foreach (var entry in session.ReadEntriesAsync(Cancellation))
        {
            await using var content = await entry.OpenContent!(Cancellation);
            using var memory = new MemoryStream();
            await content.CopyToAsync(memory, Cancellation);
            bytes += memory.Length;
        }
        return bytes;
    }
}
