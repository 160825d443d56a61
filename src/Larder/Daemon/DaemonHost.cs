using System.Net;
using Larder.Api;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Native;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>
/// The service as one process: schedules, queue and HTTP. Made by <see cref="StartAsync"/>, ended by <see cref="StopAsync"/>.
/// </summary>
internal sealed class DaemonHost : IAsyncDisposable
{
    private readonly ServiceGate gate;
    private readonly CatalogDatabase catalog;
    private readonly LiveConfiguration configuration;
    private readonly RunQueue queue;
    private readonly QuartzWaker waker;
    private readonly WebApplication app;
    private readonly CancellationTokenSource stopping;
    private readonly ILogger log;
    private ApiServices? api;
    private Task watching = Task.CompletedTask;

    private DaemonHost(
        ServiceGate gate, DaemonParts parts, QuartzWaker waker, WebApplication app, CancellationTokenSource stopping, ILogger log)
    {
        (this.gate, this.waker, this.app, this.stopping, this.log) = (gate, waker, app, stopping, log);
        (catalog, configuration, queue) = (parts.Catalog, parts.Configuration, parts.Queue);
        Pulse = new Pulse(parts.Timekeeper, queue, () => configuration.Current.Jobs.Count, () => Addresses);
    }

    /// <summary>Where it answers, with the ports that were taken.</summary>
    public IReadOnlyList<string> Addresses => [.. app.Urls];

    /// <summary>Whether it turns, and what it does.</summary>
    public Pulse Pulse { get; }

    /// <summary>Where the first owner is made; null where there is a user. It is for the terminal or the journal alone.</summary>
    public string? OwnerLink { get; private set; }

    /// <summary>
    /// Puts right what was left, takes up the queue, and begins to look at the schedules and to answer. When this completes, what is due
    /// has been put in.
    /// </summary>
    /// <param name="first">Sound.</param>
    /// <param name="read">Reads the configuration again.</param>
    /// <param name="listen">Where it answers.</param>
    /// <param name="clock">All time.</param>
    /// <param name="cancellationToken">Of the start alone.</param>
    public static async Task<DaemonHost> StartAsync(
        LarderConfiguration first,
        Func<ConfigurationResult> read,
        IReadOnlyList<IPEndPoint> listen,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var gate = ServiceGate.Enter(first.StateDirectory);
        var app = WebHost.Build(listen, first.Http);
        if (first.Logs is { } logs)
        {
            app.Services.GetRequiredService<ILoggerFactory>()
                .AddProvider(new SchedulerLog(logs, first.Variables.GetValueOrDefault("DEBUG") is "1", clock));
        }
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Larder");
        var catalog = CatalogDatabase.Open(first.CatalogPath, clock, log.Warned);
        var interrupted = catalog.CloseInterrupted();

        var configuration = new LiveConfiguration(first, read, clock, log);
        var execution = new RunExecution(() => configuration.Current, clock, log);
        await StartUp.RecoverAsync(execution, interrupted.Count > 0, log, cancellationToken);

        var queue = new RunQueue(catalog, () => configuration.Current, clock, execution.ExecuteAsync, log) { WhenQuiet = GiveMemoryBack };
        queue.Hold(); // Until it is certain that this process can serve.
        queue.Resume();
        var timekeeper = new Timekeeper(catalog, queue, () => configuration.Current, clock, log);
        timekeeper.Look();
        var waker = await QuartzWaker.StartAsync(timekeeper.Look, clock, cancellationToken);
        await waker.SetAsync(configuration.Current, cancellationToken);

        var stopping = new CancellationTokenSource();
        var health = new HealthWatch(execution, catalog, () => configuration.Current, clock, log);
        var parts = new DaemonParts
        {
            Health = health,
            Configuration = configuration,
            Queue = queue,
            Timekeeper = timekeeper,
            Execution = execution,
            Catalog = catalog,
            Clock = clock,
            Stopping = stopping.Token,
        };
        var host = new DaemonHost(gate, parts, waker, app, stopping, log);
        configuration.WhenChanged = () => host.TakeOver(timekeeper);
        host.api = new ApiServices(parts);
        app.MapApi(host.api);
        await ListenAsync(app, cancellationToken);
        await waker.BeginAsync(cancellationToken);
        queue.Release();
        host.watching = Task.Run(() => health.RunAsync(stopping.Token), CancellationToken.None);
        log.Serving(Composition.Version, string.Join(", ", host.Addresses), first.Jobs.Count);
        host.OwnerLink = new OwnerLink(catalog).TryCreate() is { } secret
            ? $"{configuration.Current.Http.Url ?? host.Addresses[0]}/owner#{secret}"
            : null;
        return host;
    }

    /// <summary>Reads the configuration again, because somebody asked.</summary>
    public void Reload(string reason) => configuration.Reload(reason);

    /// <summary>
    /// Begins nothing new, waits for what runs as long as `serve.stop_wait` says, then cancels it; answers until then. All runs are closed
    /// when this completes.
    /// </summary>
    public async Task StopAsync()
    {
        log.Stopping();
        await stopping.CancelAsync();
        await waker.DisposeAsync();
        await configuration.DisposeAsync();
        await queue.StopAsync(configuration.Current.Serve.StopWait);
        await watching;
        await app.StopAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await queue.DisposeAsync();
        await app.DisposeAsync();
        api?.Dispose();
        catalog.Dispose();
        stopping.Dispose();
        gate.Dispose();
    }

    private static async Task ListenAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            throw new LarderException(EngineError.PrerequisiteFailed, $"Nothing can be answered there: {e.Message}", e)
            {
                Hint = "stop whatever answers there, or name another address with --listen or serve.listen.",
            };
        }
    }

    /// <summary>A run leaves buffers and an index behind; an idle service should not hold the memory of its greatest backup.</summary>
    private static void GiveMemoryBack()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Heap.Trim();
    }

    private async void TakeOver(Timekeeper timekeeper)
    {
        try
        {
            await waker.SetAsync(configuration.Current, stopping.Token);
            timekeeper.Look();
        }
        catch (Exception e)
        {
            log.LookFailed(e.Message);
        }
    }
}
