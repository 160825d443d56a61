using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Engine.Restore.Transaction;

/// <summary>Stops, starts and asks the service that uses the data, as the configuration says; what it does not say is not done.</summary>
internal sealed class ServiceControl(ServiceSettings? settings, RunJournal events, TimeProvider clock)
{
    private static readonly TimeSpan AskedEvery = TimeSpan.FromMilliseconds(500);

    public bool CanStop => settings?.StopLine is not null;

    public bool CanStart => settings?.StartLine is not null;

    public bool CanAsk => settings?.Healthy is not null;

    /// <exception cref="LarderException"><see cref="EngineError.ServiceFailed"/>.</exception>
    public Task StopAsync(CancellationToken cancellationToken) =>
        ServiceCommand.RunAsync("Stopping the service", settings!.StopLine!, events, clock, cancellationToken);

    /// <inheritdoc cref="StopAsync"/>
    public Task StartAsync(CancellationToken cancellationToken) =>
        ServiceCommand.RunAsync("Starting the service", settings!.StartLine!, events, clock, cancellationToken);

    /// <summary>Asks until it is well, as long as the configuration grants: a service needs a while from its start on.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.ServiceFailed"/>, with the last answer.</exception>
    public async Task EnsureHealthyAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await ServiceCommand.RunAsync("The health check of the service", settings!.Healthy!, events, clock, cancellationToken);
                return;
            }
            catch (LarderException e) when (e.Error == EngineError.ServiceFailed && clock.GetElapsedTime(began) < settings!.HealthyWithin)
            {
                await Task.Delay(AskedEvery, clock, cancellationToken);
            }
        }
    }
}
