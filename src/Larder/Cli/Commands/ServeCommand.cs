using System.Net;
using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Daemon;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Systemd;

namespace Larder.Cli.Commands;

/// <summary>`larder serve`.</summary>
internal sealed class ServeCommand
{
    private readonly Settings listen = new(
        "--listen", "ADDRESS", "Answer here instead of where `serve.listen` says, such as 127.0.0.1:8420; may be repeated.");

    public static LarderCommand Create() => new ServeCommand().Build();

    private LarderCommand Build() => new("serve", "Run as a service: schedules, and the HTTP interface.")
    {
        Options = { listen },
        Run = RunAsync,
        Details =
            """
            Runs every job at its times until it is stopped, and catches up what was missed while it did not run. SIGHUP, and a change of
            the configuration file, read the configuration again; one with problems is logged, and the one before stays. SIGTERM and Ctrl-C
            begin nothing new, give what runs `serve.stop_wait` to end, and then cancel it; a second one kills. It answers on this machine
            alone unless told otherwise; GET /healthz says whether it is alive. `larder schedule install --daemon` makes a systemd service
            of it, which systemd begins anew should it stand still.
            """,
        Examples =
        [
            new("larder serve", "with the configuration that is found"),
            new("larder serve --listen 127.0.0.1:9000", "at another port"),
        ],
        Statuses = [ExitStatus.Refused, ExitStatus.Locked],
        Json = "When it serves, an object: `addresses` (array), `pid`, `version`. Its log goes to stderr.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        if (call.Configuration.Configuration is not { } configuration)
        {
            throw new RefusedConfigurationException(call.Configuration);
        }
        foreach (var warning in call.Configuration.Warnings)
        {
            call.Words.Warn(warning.ToString());
        }
        using var systemd = NotifySocket.Take();
        Action? reload = null;
        using var hangup = call.World.Hangup.Take(() => reload?.Invoke()); // One that comes during the start asks for nothing new.
        await using var host = await DaemonHost.StartAsync(
            configuration, call.ReadConfiguration, Addresses(call) ?? configuration.Serve.Listen, call.World.Clock, cancellationToken);
        if (host.OwnerLink is { } link)
        {
            call.Words.WriteLine($"There is no user yet. Make the owner here, once and within a day: {link}");
        }
        call.Answer(
            () => JsonText.Of(new JsonObject
            {
                ["addresses"] = JsonText.Array(host.Addresses),
                ["pid"] = Environment.ProcessId,
                ["version"] = Composition.Version,
            }),
            () => $"Serving at {string.Join(", ", host.Addresses)}.");

        await using var supervision = systemd is null
            ? null
            : Supervision.Begin(systemd, host.Pulse.FindStandstillAsync, () => host.Pulse.Status, call.Words.Warn, call.World.Clock);
        reload = supervision is null ? Reload : () => supervision.Reload(Reload);
        void Reload() => host.Reload("SIGHUP");

        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(() => asked.TrySetResult());
        await asked.Task;
        supervision?.Stopping();
        await host.StopAsync();
        return ExitStatus.Done;
    }

    private IReadOnlyList<IPEndPoint>? Addresses(Call call)
    {
        var addresses = new List<IPEndPoint>();
        foreach (var text in call.ValuesOf(listen))
        {
            addresses.Add(ServeSettings.TryParseListen(text, out var address)
                ? address!
                : throw new LarderException(
                    EngineError.UsageInvalid, $"--listen takes an IP address, or localhost, with a port, and not \"{text}\".")
                {
                    Hint = "for example --listen 127.0.0.1:8420",
                });
        }
        return addresses.Count > 0 ? addresses : null;
    }
}
