using System.Net;
using System.Net.Sockets;
using System.Text;
using Larder.Auth;
using Larder.Daemon;
using Larder.Engine.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Larder.Tests.Daemon;

/// <summary>Real sockets against the service's own web server, with its limits made short.</summary>
public sealed class SlowClientTests
{
    // The kernel holds some megabytes of an answer that nobody takes; at this rate they are over in seconds.
    private static readonly HttpLimits Short = new()
    {
        HeadersMax = TimeSpan.FromSeconds(2), Grace = TimeSpan.FromSeconds(2), TakenBytesPerSecondMin = 4 << 20,
    };

    // The server looks once a second; the rest is for a machine that is busy.
    private static readonly TimeSpan CutOffMax = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Drip = TimeSpan.FromMilliseconds(200);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Slow_clients_are_cut_off_each_in_its_time_and_others_are_served_meanwhile()
    {
        var gaveUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = WebHost.Build([new IPEndPoint(IPAddress.Loopback, 0)], new HttpSettings(), Short);
        app.MapGet("/", () => "here");
        app.MapPost("/", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            return (await reader.ReadToEndAsync(request.HttpContext.RequestAborted)).Length;
        });
        app.MapGet("/large", async context =>
        {
            await using var registration = context.RequestAborted.Register(() => gaveUp.TrySetResult());
            var block = new byte[1 << 20];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
            }
        });
        await app.StartAsync(Token);
        var address = new Uri(app.Urls.First());

        // One letter of a header, one byte of a body, now and then; and one that takes nothing of what it asked for.
        var slowHeader = CutOffAfterAsync(address, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "x");
        var slowBody = CutOffAfterAsync(address, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n", "x");
        using var taker = await ConnectAsync(address);
        taker.ReceiveBufferSize = 4096;
        await taker.SendAsync(Encoding.ASCII.GetBytes("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"), Token);

        // Slow, and still quick enough: 100 bytes each 0.2 s for longer than the grace lasts.
        var steady = SendSteadilyAsync(address, drips: 20, bytes: 100);

        var cutOff = Task.WhenAll(slowHeader, slowBody, gaveUp.Task.WaitAsync(CutOffMax, TimeProvider.System, Token));
        using var client = new HttpClient { BaseAddress = address };
        var served = 0;
        while (!cutOff.IsCompleted)
        {
            Assert.Equal("here", await client.GetStringAsync(new Uri("/", UriKind.Relative), Token));
            served++;
        }
        await cutOff;
        Assert.True(served > 10, $"Only {served} requests were served meanwhile.");
        Assert.InRange(await slowHeader, Short.HeadersMax, CutOffMax);
        Assert.InRange(await slowBody, Short.Grace, CutOffMax);
        Assert.StartsWith("HTTP/1.1 200", await steady, StringComparison.Ordinal);
        await app.StopAsync(Token);
    }

    /// <summary>How long a connection lives on which a piece is sent every 0.2 s.</summary>
    private static async Task<TimeSpan> CutOffAfterAsync(Uri address, string beginning, string piece)
    {
        using var socket = await ConnectAsync(address);
        var began = TimeProvider.System.GetTimestamp();
        await socket.SendAsync(Encoding.ASCII.GetBytes(beginning), Token);
        var answer = ReadToEndAsync(socket);
        try
        {
            while (!answer.IsCompleted && TimeProvider.System.GetElapsedTime(began) < CutOffMax)
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(piece), Token);
                await Task.WhenAny(answer, Task.Delay(Drip, TimeProvider.System, Token));
            }
        }
        catch (SocketException)
        {
            // It is cut off.
        }
        Assert.DoesNotContain(" 200 ", await answer.WaitAsync(CutOffMax, TimeProvider.System, Token), StringComparison.Ordinal);
        return TimeProvider.System.GetElapsedTime(began);
    }

    private static async Task<string> SendSteadilyAsync(Uri address, int drips, int bytes)
    {
        using var socket = await ConnectAsync(address);
        var head = $"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {drips * bytes}\r\nConnection: close\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(head), Token);
        for (var drip = 0; drip < drips; drip++)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(new string('x', bytes)), Token);
            await Task.Delay(Drip, TimeProvider.System, Token);
        }
        return await ReadToEndAsync(socket);
    }

    private static async Task<Socket> ConnectAsync(Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, address.Port, Token);
        return socket;
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        try
        {
            while (await socket.ReceiveAsync(buffer, Token) is > 0 and var count)
            {
                text.Append(Encoding.ASCII.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            // It was cut off in the middle.
        }
        return text.ToString();
    }
}
