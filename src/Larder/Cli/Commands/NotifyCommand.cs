using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring;

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
        var alerts = call.Composition.Alerts;
        var tried = await ChannelTrial.ExecuteAsync(alerts.Desk, alerts.Routes, call.ValueOf(channel), cancellationToken);
        if (call.IsJson)
        {
            call.Answer(new JsonArray([.. tried.Select(one => (JsonNode)one.ToJson())]));
        }
        else
        {
            var table = new Table("CHANNEL", "STATUS", "ERROR");
            foreach (var one in tried)
            {
                table.AddPainted(1, call.OutInk.Status, one.Channel, one.Status, one.Failure ?? "");
            }
            call.Print(table.Render(call.OutInk));
        }
        return tried.All(one => one.Failure is null) ? ExitStatus.Done : ExitStatus.Failed;
    }
}
