using System.Net;
using System.Threading.Channels;

namespace Larder.Testing.Servers;

/// <summary>A real HTTP server on a free port of 127.0.0.1 that keeps what is posted to it and answers as it is told.</summary>
public sealed class WebhookServer : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Channel<ReceivedPost> posts = Channel.CreateUnbounded<ReceivedPost>();
    private readonly Task serving;
    private int received;

    public WebhookServer()
    {
        using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        listener.Start();
        serving = ServeAsync();
    }

    public int Port { get; }

    /// <summary>The status of the answer to a request, counted from 1.</summary>
    public Func<int, int> Answer { get; set; } = _ => 200;

    /// <summary>The header <c>Location</c> of every answer; null for none.</summary>
    public string? Location { get; set; }

    public int Count => received;

    public string Url(string path = "/hook") => $"http://127.0.0.1:{Port}{path}";

    public async Task<ReceivedPost> ReceiveAsync(CancellationToken cancellationToken) => await posts.Reader.ReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        listener.Close(); // Stopping it first would have it listen again, for a moment, to be closed.
        await serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                var call = await listener.GetContextAsync();
                var body = new MemoryStream();
                await call.Request.InputStream.CopyToAsync(body);
                var headers = call.Request.Headers.AllKeys.ToDictionary(name => name!, name => call.Request.Headers[name]!, StringComparer.OrdinalIgnoreCase);
                var status = Answer(Interlocked.Increment(ref received));
                call.Response.StatusCode = status;
                if (Location is { } location)
                {
                    call.Response.Headers["Location"] = location;
                }
                await posts.Writer.WriteAsync(new ReceivedPost(call.Request.RawUrl!, headers, body.ToArray(), status));
                call.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // Stopped.
            }
        }
    }
}

/// <param name="Status">What was answered.</param>
public sealed record ReceivedPost(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body, int Status)
{
    public System.Text.Json.JsonElement Json => System.Text.Json.JsonDocument.Parse(Body).RootElement;
}
