using System.Net;
using System.Net.Sockets;
using Larder.Daemon;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Tests.Daemon;

public sealed class PulseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_scheduler_that_hangs_is_noticed_one_whose_look_fails_is_not_taken_for_it_and_the_status_says_what_comes()
    {
        await using var folder = new TemporaryFolder();
        var clock = new TestClock();
        var configuration = Configuration(folder);
        using var catalog = CatalogDatabase.Open(folder["catalog.db"], clock, _ => { });
        await using var queue = new RunQueue(
            catalog, () => configuration, clock, (_, _) => Task.CompletedTask, NullLogger.Instance);
        Func<LarderConfiguration> current = () => configuration;
        var timekeeper = new Timekeeper(catalog, queue, () => current(), clock, NullLogger.Instance);
        var pulse = new Pulse(timekeeper, queue, () => configuration.Jobs.Count, () => []);
        timekeeper.Look();
        Assert.Null(await pulse.FindStandstillAsync(Token));
        Assert.Equal("1 job, idle; next: 2026-01-06 02:00 UTC, backup of journal.", pulse.Status);

        current = () => throw new InvalidOperationException("A disk is full.");
        clock.Advance(TimeSpan.FromMinutes(1));
        timekeeper.Look();
        clock.Advance(Pulse.TurnAgeMax);
        Assert.Null(await pulse.FindStandstillAsync(Token));

        using var hang = new ManualResetEventSlim();
        using var began = new ManualResetEventSlim();
        current = () =>
        {
            began.Set();
            hang.Wait(CancellationToken.None);
            return configuration;
        };
        var look = Task.Run(timekeeper.Look, Token);
        began.Wait(Token);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("The scheduler stands still.", await pulse.FindStandstillAsync(Token));

        hang.Set();
        await look;
        Assert.Null(await pulse.FindStandstillAsync(Token));
    }

    [Theory]
    [InlineData("http", true)]
    [InlineData("https", true)] // It hears no TLS and closes; that is an answer.
    [InlineData("http", false)]
    public async Task A_web_server_that_does_anything_with_a_connection_lives_and_one_that_does_not_listen_does_not(string scheme, bool isThere)
    {
        await using var folder = new TemporaryFolder();
        using var catalog = CatalogDatabase.Open(folder["catalog.db"], TimeProvider.System, _ => { });
        var configuration = Configuration(folder);
        await using var queue = new RunQueue(
            catalog, () => configuration, TimeProvider.System, (_, _) => Task.CompletedTask, NullLogger.Instance);
        var timekeeper = new Timekeeper(catalog, queue, () => configuration, TimeProvider.System, NullLogger.Instance);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var pulse = new Pulse(timekeeper, queue, () => 1, () => [$"{scheme}://0.0.0.0:{port}"]);
        if (!isThere)
        {
            listener.Stop();
            Assert.Equal("The web server does not answer.", await pulse.FindStandstillAsync(Token));
            return;
        }
        var asked = pulse.FindStandstillAsync(Token);
        using (await listener.AcceptTcpClientAsync(Token))
        {
            Assert.False(asked.IsCompleted); // One that takes the connection and does nothing is no proof of life.
        }
        Assert.Null(await asked);
    }

    private static LarderConfiguration Configuration(TemporaryFolder folder) => ConfigurationLoader.LoadText(
        $$"""
        repositories: { local: { path: {{folder["repository"]}}, password: x } }
        state_directory: {{folder["state"]}}
        jobs: { journal: { time_zone: UTC, sources: { code: { files: { paths: [/srv] } } }, schedule: "0 2 * * *" } }
        """,
        folder["larder.yaml"],
        new ConfigurationEnvironment { Variables = new Dictionary<string, string>(), WorkingDirectory = folder.FullPath }).Require();
}
