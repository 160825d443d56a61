using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Engine.Catalog;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>A run as server-sent events, from where the caller stopped to its end.</summary>
internal sealed class RunStream(ApiCall call, string id) : IDisposable
{
    // Something goes over the line at least so often, or proxies close it.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim sending = new(1);

    public async Task SendAsync()
    {
        var response = call.Context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // Proxies that know it pass every event on at once.
        await response.Body.FlushAsync(call.Cancelled);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.Cancelled, call.Services.Parts.Stopping);
        var keepingAlive = KeepAliveAsync(ended.Token);
        try
        {
            await foreach (var news in call.Services.Queue.FollowAsync(id, LastEventId(), ended.Token))
            {
                if (news.Event is { } one)
                {
                    await SendAsync("event", RunJson.Of(one), one.Number);
                }
                else if (news.Progress is { } progress)
                {
                    await SendAsync("progress", new JsonObject
                    {
                        ["phase"] = progress.Phase,
                        ["done_bytes"] = progress.DoneBytes,
                        ["total_bytes"] = progress.TotalBytes,
                    }, null);
                }
                else
                {
                    await SendAsync("run", RunDocument.Of(call, id), null);
                }
            }
        }
        catch (OperationCanceledException) when (!call.Cancelled.IsCancellationRequested)
        {
            // The service ends; the caller comes back with the number of the last event.
        }
        await ended.CancelAsync();
        await keepingAlive;
    }

    public void Dispose() => sending.Dispose();

    private async Task KeepAliveAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(SilenceMax, call.Services.Clock, cancellationToken);
                await WriteAsync(": still there\n\n", cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    private long LastEventId() =>
        long.TryParse(call.Context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    // JSON on one line has no line feed, so no event can be forged by what is in it.
    private Task SendAsync(string name, JsonObject data, long? number)
    {
        var text = new StringBuilder();
        if (number is { } known)
        {
            text.Append(CultureInfo.InvariantCulture, $"id: {known}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"event: {name}\ndata: {ApiJson.Write(data)}\n\n");
        return WriteAsync(text.ToString(), call.Cancelled);
    }

    private async Task WriteAsync(string text, CancellationToken cancellationToken)
    {
        await sending.WaitAsync(cancellationToken);
        try
        {
            await call.Context.Response.WriteAsync(text, cancellationToken);
            await call.Context.Response.Body.FlushAsync(cancellationToken);
        }
        finally
        {
            sending.Release();
        }
    }
}
