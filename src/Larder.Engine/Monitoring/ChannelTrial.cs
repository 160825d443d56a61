using System.Text.Json.Nodes;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring.Channels;

namespace Larder.Engine.Monitoring;

/// <summary>Whether a channel reaches people.</summary>
/// <param name="Channel">Its name.</param>
/// <param name="Failure">A sentence; null where the test was taken.</param>
public sealed record TriedChannel(string Channel, string? Failure)
{
    public string Status => Failure is null ? "success" : "failed";

    public JsonObject ToJson() => new() { ["channel"] = Channel, ["status"] = Status, ["error"] = Failure };
}

/// <summary>Sends a test by channels, and tells the others of one that works again.</summary>
public static class ChannelTrial
{
    /// <param name="name">One channel; null for all.</param>
    /// <exception cref="LarderException"><see cref="EngineError.ConfigurationInvalid"/> where there are no alerts;
    /// <see cref="EngineError.UnknownChannel"/>.</exception>
    public static async Task<IReadOnlyList<TriedChannel>> ExecuteAsync(
        AlertDesk desk, IReadOnlyList<AlertRoute> routes, string? name, CancellationToken cancellationToken)
    {
        if (routes.Count == 0)
        {
            throw new LarderException(EngineError.ConfigurationInvalid, "The configuration has no alerts, so nobody is told of anything.")
            {
                Hint = "\"larder config example\" shows them; the key is \"alerts\".",
            };
        }
        var chosen = routes.Where(route => name is null || route.Name == name).ToList();
        if (chosen.Count == 0)
        {
            throw new LarderException(
                EngineError.UnknownChannel,
                $"There is no channel \"{name}\"; there are {string.Join(", ", routes.Select(route => route.Name))}.");
        }
        var tried = await Task.WhenAll(chosen.Select(route => TryAsync(desk, route, cancellationToken)));
        await desk.TellAsync(
            [.. tried.Where(one => one.Failure is null).Select(one => AlertDesk.Works(one.Channel))], cancellationToken);
        return tried;
    }

    private static async Task<TriedChannel> TryAsync(AlertDesk desk, AlertRoute route, CancellationToken cancellationToken)
    {
        try
        {
            await desk.TestAsync(route, cancellationToken);
            return new TriedChannel(route.Name, null);
        }
        catch (DeliveryException e)
        {
            return new TriedChannel(route.Name, e.Message);
        }
    }
}
