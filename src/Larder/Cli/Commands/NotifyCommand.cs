using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring;
using Larder.Engine.Monitoring.Channels;

namespace Larder.Cli.Commands;

/// <summary>`larder notify test`.</summary>
internal sealed class NotifyCommand
{
    private readonly Operand channel = new(
        "CHANNEL", "Only this channel, such as email or webhook-2; all without one.", ValueKind.Text, 0, 1);

    public static LarderCommand Create() => CommandTree.Group("notify", "Reach people.", new NotifyCommand().Test());

    private LarderCommand Test() => new("test", "Send a test by every channel, and say by which ones people can be reached.")
    {
        Arguments = { channel },
        Run = RunAsync,
        Details = "Channels are named by their kind; the second of a kind in the configuration is email-2, and so on.",
        Examples =
        [
            new("larder notify test", "every channel"),
            new("larder notify test email", "one of them"),
        ],
        Statuses = [ExitStatus.Failed],
        Json = "An array of `channel`, `status` (success or failed), `error` (a sentence, or null).",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var (alerts, name) = (call.Composition.Alerts, call.ValueOf(channel));
        if (alerts.Routes.Count == 0)
        {
            throw new LarderException(EngineError.ConfigurationInvalid, "The configuration has no alerts, so nobody is told of anything.")
            {
                Hint = "\"larder config example\" shows them; the key is \"alerts\".",
            };
        }
        var routes = alerts.Routes.Where(route => name is null || route.Name == name).ToList();
        if (routes.Count == 0)
        {
            throw new LarderException(
                EngineError.UnknownChannel,
                $"There is no channel \"{name}\"; there are {string.Join(", ", alerts.Routes.Select(route => route.Name))}.");
        }
        var failures = await Task.WhenAll(routes.Select(route => TryAsync(alerts.Desk, route, cancellationToken)));
        var working = routes.Zip(failures).Where(pair => pair.Second is null).Select(pair => AlertDesk.Works(pair.First.Name));
        await alerts.Desk.TellAsync([.. working], cancellationToken);
        Show(call, routes, failures);
        return failures.All(failure => failure is null) ? ExitStatus.Done : ExitStatus.Failed;
    }

    private static async Task<string?> TryAsync(AlertDesk desk, AlertRoute route, CancellationToken cancellationToken)
    {
        try
        {
            await desk.TestAsync(route, cancellationToken);
            return null;
        }
        catch (DeliveryException e)
        {
            return e.Message;
        }
    }

    private static void Show(Call call, IReadOnlyList<AlertRoute> routes, IReadOnlyList<string?> failures)
    {
        if (call.IsJson)
        {
            call.Answer(new JsonArray([.. routes.Zip(failures, (route, failure) => (JsonNode)new JsonObject
            {
                ["channel"] = route.Name,
                ["status"] = failure is null ? "success" : "failed",
                ["error"] = failure,
            })]));
            return;
        }
        var table = new Table("CHANNEL", "STATUS", "ERROR");
        foreach (var (route, failure) in routes.Zip(failures))
        {
            table.AddPainted(1, call.OutInk.Status, route.Name, failure is null ? "success" : "failed", failure ?? "");
        }
        call.Print(table.Render(call.OutInk));
    }
}
