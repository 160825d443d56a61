using System.Net;
using System.Net.Sockets;
using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>
/// Looks, before anything is sent, whether the addresses of alerts may be called: what <see cref="AddressPolicy"/> will refuse is a warning
/// of <c>config validate</c>. An address that a file or a command gives is not fetched for it.
/// </summary>
public static class AlertAddresses
{
    // Whoever checks a configuration waits for it; a name that is not resolved by then says nothing.
    private static readonly TimeSpan ResolvingMax = TimeSpan.FromSeconds(3);

    private static readonly string[] Channels = ["webhook", "slack", "discord", "teams", "healthchecks", "ntfy", "gotify"];

    /// <summary>The same result with these warnings too, in the order of the file.</summary>
    public static async Task<ConfigurationResult> CheckAsync(ConfigurationResult result, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Configuration is not { Alerts: var alerts })
        {
            return result;
        }
        var looked = await Task.WhenAll(result.Values!.List("alerts").Cast<ObjectValue>().Zip(alerts).Select(
            (alert, number) => LookAsync($"alerts[{number}]", alert.First, alert.Second.Allow, cancellationToken)));
        return result with { Warnings = [.. result.Warnings.Concat(looked.OfType<ConfigurationProblem>()).OrderBy(one => one.Line)] };
    }

    private static async Task<ConfigurationProblem?> LookAsync(
        string path, ObjectValue alert, IReadOnlyList<IPNetwork> allowed, CancellationToken cancellationToken)
    {
        var channel = Channels.FirstOrDefault(name => alert.Object(name) is not null);
        if (channel is null || alert.Object(channel)!.Find("url") is not ScalarValue { Node: { } node } written)
        {
            return null;
        }
        var text = written.Value switch
        {
            Secret { Origin: SecretOrigin.Text } secret => await secret.RevealAsync(cancellationToken),
            string plain => plain,
            _ => null,
        };
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || await RefusedAsync(url, allowed, cancellationToken) is not { } refused)
        {
            return null;
        }
        var key = $"{path}.{channel}.url";
        return ProblemWords.Problem(
            node,
            key,
            $"{key} is at an address that is not public, and {path}.allow does not name it: alerts there will be refused when sent.",
            $"{path}.allow: [{refused}]");
    }

    /// <summary>An address of it, where none of all may be called.</summary>
    private static async Task<IPAddress?> RefusedAsync(Uri url, IReadOnlyList<IPNetwork> allowed, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ResolvingMax);
        try
        {
            var addresses = IPAddress.TryParse(url.DnsSafeHost, out var literal)
                ? [literal]
                : await Dns.GetHostAddressesAsync(url.DnsSafeHost, patience.Token).WaitAsync(patience.Token);
            return addresses.Any(address => AddressPolicy.IsAllowed(address, allowed)) ? null : addresses.FirstOrDefault();
        }
        catch (Exception e) when (e is SocketException or ArgumentException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null; // Who cannot be reached is told of by a test, not here.
        }
    }
}
