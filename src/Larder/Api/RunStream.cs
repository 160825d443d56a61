using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Engine.Catalog;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>A run as server-sent events, from where the caller stopped to its end.</summary>
internal sealed class RunStream(ApiCall call, string id)
{
    // What a person takes for "at once"; the catalog answers such a look in well under a millisecond.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    // Something goes over the line at least so often, or proxies close it.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(15);

    public async Task SendAsync()
    {
        var response = call.Context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // Proxies that know it pass every event on at once.
        var (last, progress, sentAt) = (LastEventId(), "", call.Services.Clock.GetTimestamp());
        using var timer = new PeriodicTimer(LookInterval, call.Services.Clock);
        while (true)
        {
            // Looked at before the events are read: what was written until the end is then among them.
            var live = call.Services.Runs.Find(id);
            var run = call.Services.Catalog.FindRun(id);
            var isOver = run is { Status: not RunStatus.InProgress } && live is null;
            foreach (var one in call.Services.Catalog.Events(id, last))
            {
                await SendAsync("event", ApiJson.Write(RunJson.Of(one)), one.Number);
                (last, sentAt) = (one.Number, call.Services.Clock.GetTimestamp());
            }
            if (isOver)
            {
                await SendAsync("run", ApiJson.Write(RunDocument.Of(call, id)), null);
                return;
            }
            if (live is not null && ApiJson.Write(RunDocument.Of(live.Progress)) is var now && now != progress)
            {
                await SendAsync("progress", now, null);
                (progress, sentAt) = (now, call.Services.Clock.GetTimestamp());
            }
            if (call.Services.Clock.GetElapsedTime(sentAt) > SilenceMax)
            {
                await response.WriteAsync(": still there\n\n", call.Cancelled);
                sentAt = call.Services.Clock.GetTimestamp();
            }
            await response.Body.FlushAsync(call.Cancelled);
            if (!await timer.WaitForNextTickAsync(call.Cancelled))
            {
                return;
            }
        }
    }

    private long LastEventId() =>
        long.TryParse(call.Context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    // JSON on one line has no line feed, so no event can be forged by what is in it.
    private Task SendAsync(string name, string data, long? number)
    {
        var text = new StringBuilder();
        if (number is { } known)
        {
            text.Append(CultureInfo.InvariantCulture, $"id: {known}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"event: {name}\ndata: {data}\n\n");
        return call.Context.Response.WriteAsync(text.ToString(), call.Cancelled);
    }
}
