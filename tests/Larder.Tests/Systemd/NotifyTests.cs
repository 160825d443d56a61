using System.Globalization;
using Larder.Systemd;
using Larder.Testing;

namespace Larder.Tests.Systemd;

/// <summary>What systemd hears, on a real socket of the kind that it opens.</summary>
public sealed class NotifyTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(3);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Systemd_hears_that_the_service_serves_reads_anew_and_ends(bool isAbstract)
    {
        await using var ear = new NotifyEar(isAbstract);
        using var socket = NotifySocket.Of(ear.Address, null, null)!;
        await using var supervision = Supervision.Begin(
            socket, _ => Task.FromResult<string?>(null), () => "2 jobs,\nidle", warning => throw new TestFailedException(warning), new TestClock());
        Assert.Equal("READY=1\nSTATUS=2 jobs, idle", await ear.HearAsync());

        var heardInside = "";
        supervision.Reload(() => heardInside = ear.Waiting());
        Assert.Equal("RELOADING=1", heardInside);
        Assert.Equal("READY=1\nSTATUS=2 jobs, idle", await ear.HearAsync());
        Assert.Throws<InvalidOperationException>(() => supervision.Reload(() => throw new InvalidOperationException()));
        Assert.Equal("RELOADING=1", await ear.HearAsync());
        Assert.StartsWith("READY=1\n", await ear.HearAsync(), StringComparison.Ordinal);

        supervision.Stopping();
        Assert.StartsWith("STOPPING=1\nSTATUS=", await ear.HearAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_says_that_it_lives_three_times_in_the_time_of_the_watchdog_and_only_while_it_turns()
    {
        await using var ear = new NotifyEar();
        var clock = new TestClock();
        var (standstill, warnings) = ((string?)null, new List<string>());
        using var socket = new NotifySocket(ear.Address, Watchdog);
        await using var supervision = Supervision.Begin(socket, _ => Task.FromResult(standstill), () => "idle", warnings.Add, clock);
        Assert.StartsWith("READY=1", await ear.HearAsync(), StringComparison.Ordinal);
        for (var beat = 0; beat < 3; beat++)
        {
            clock.Advance(Watchdog / 3);
            Assert.Equal("WATCHDOG=1\nSTATUS=idle", await ear.HearAsync());
        }

        standstill = "The scheduler stands still.";
        clock.Advance(Watchdog / 3);
        Assert.Equal("STATUS=The scheduler stands still.", await ear.HearAsync());
        Assert.Equal([standstill], warnings);

        standstill = null;
        clock.Advance(Watchdog / 3);
        Assert.Equal("WATCHDOG=1\nSTATUS=idle", await ear.HearAsync());
    }

    [Fact]
    public async Task A_service_that_fails_to_say_whether_it_lives_gives_no_sign_of_life_and_says_why()
    {
        await using var ear = new NotifyEar();
        var clock = new TestClock();
        using var socket = new NotifySocket(ear.Address, Watchdog);
        await using var supervision = Supervision.Begin(
            socket, _ => throw new InvalidOperationException("It is odd."), () => "idle", _ => { }, clock);
        await ear.HearAsync();
        for (var beat = 0; beat < 2; beat++)
        {
            clock.Advance(Watchdog / 3);
            Assert.Equal("STATUS=The service cannot say whether it lives: It is odd.", await ear.HearAsync());
        }
    }

    [Fact]
    public async Task A_service_that_does_not_even_say_whether_it_turns_gives_no_sign_of_life_until_it_is_stopped()
    {
        await using var ear = new NotifyEar();
        var clock = new TestClock();
        using var locked = new ManualResetEventSlim();
        using var socket = new NotifySocket(ear.Address, Watchdog);
        await using var supervision = Supervision.Begin(
            socket,
            _ =>
            {
                locked.Wait(CancellationToken.None); // As a lock that nobody gives back.
                return Task.FromResult<string?>(null);
            },
            () => "idle",
            _ => { },
            clock);
        await ear.HearAsync();

        var timers = clock.TimerCount;
        clock.Advance(Watchdog / 3);
        await Eventually(() => clock.TimerCount > timers); // It asks, and waits for the answer.
        clock.Advance(Watchdog / 3);
        Assert.Equal("STATUS=The service does not say whether it lives.", await ear.HearAsync());

        supervision.Stopping();
        Assert.StartsWith("STOPPING=1", await ear.HearAsync(), StringComparison.Ordinal);
        locked.Set();
    }

    [Fact]
    public async Task A_service_whose_systemd_does_not_listen_goes_on()
    {
        await using var folder = new TemporaryFolder();
        using var socket = NotifySocket.Of(folder["nobody"], null, null)!;
        Assert.False(socket.Tell("READY=1"));
        await using var supervision = Supervision.Begin(socket, _ => Task.FromResult<string?>(null), () => "idle", _ => { }, new TestClock());
        var isRead = false;
        supervision.Reload(() => isRead = true);
        Assert.True(isRead);
    }

    [Theory]
    [InlineData(null, null, null, false, null)]
    [InlineData("vsock:2:1234", null, null, false, null)]
    [InlineData("/", null, null, false, null)]
    [InlineData("/run/systemd/notify", null, null, true, null)]
    [InlineData("/run/systemd/notify", "180000000", null, true, 180.0)]
    [InlineData("@notify", "180000000", "own", true, 180.0)]
    [InlineData("@notify", "180000000", "1", true, null)] // It is another process that is watched.
    [InlineData("@notify", "0", "own", true, null)]
    [InlineData("@notify", "soon", "own", true, null)]
    public void What_systemd_leaves_in_the_environment_is_understood(string? address, string? watchdog, string? watched, bool isThere, double? seconds)
    {
        var own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        using var socket = NotifySocket.Of(address, watchdog, watched == "own" ? own : watched);
        Assert.Equal(isThere, socket is not null);
        Assert.Equal(seconds, socket?.Watchdog?.TotalSeconds);
    }

    [Fact]
    public async Task What_the_service_starts_cannot_speak_for_it()
    {
        await using var ear = new NotifyEar();
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", ear.Address);
        Environment.SetEnvironmentVariable("WATCHDOG_USEC", "1000000");
        using var socket = NotifySocket.Take();
        Assert.NotNull(socket?.Watchdog);
        var child = (await ChildProcess.RunAsync(new ChildCommand("env"), Token)).Expect().Output;
        Assert.DoesNotContain("NOTIFY_SOCKET", child, StringComparison.Ordinal);
        Assert.DoesNotContain("WATCHDOG_", child, StringComparison.Ordinal);
        Assert.Null(NotifySocket.Take());
    }

    private static async Task Eventually(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Token);
        }
    }
}
