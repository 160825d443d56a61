using System.Net;
using System.Net.Sockets;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>
/// Posts to addresses that may be called, and to nothing else: the address is looked at when it is connected to, after the name was
/// resolved, so that a name cannot point elsewhere in between. Redirects are not followed, and no proxy is asked: either would call what
/// nobody looked at.
/// </summary>
internal sealed class GuardedHttp : IDisposable
{
    private const int AnswerBytesMax = 64 * 1024;

    private readonly HttpClient client;

    public GuardedHttp(IReadOnlyList<IPNetwork> allowed)
    {
        client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2), // Names are resolved anew in a daemon that lives for months.
            ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, allowed, cancellationToken),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // The caller's clock bounds it.
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
    }

    /// <summary>Completes when the answer is a success.</summary>
    /// <exception cref="DeliveryException">Anything else; the address does not stand in its message.</exception>
    public async Task PostAsync(
        string url, HttpContent content, IReadOnlyList<(string Name, string Value)> headers, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new DeliveryException("Its address is no URL that begins with https:// or http://.", isPermanent: true);
        }
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        request.Headers.TryAddWithoutValidation("User-Agent", "larder");
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            Judge(answer.StatusCode);
        }
        catch (HttpRequestException e)
        {
            throw e.InnerException as DeliveryException ?? new DeliveryException($"It could not be reached: {Reason(e)}.");
        }
    }

    public void Dispose() => client.Dispose();

    private static void Judge(HttpStatusCode status)
    {
        var code = (int)status;
        if (code is >= 200 and < 300)
        {
            return;
        }
        throw code is >= 300 and < 400
            ? new DeliveryException(
                $"It answered with a redirect ({code}), which is not followed: give the address that it points to.", isPermanent: true)
            : new DeliveryException(
                $"It answered with status {code}.",
                isPermanent: code is >= 400 and < 500 and not (408 or 425 or 429));
    }

    private static async ValueTask<Stream> ConnectAsync(
        DnsEndPoint end, IReadOnlyList<IPNetwork> allowed, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(end.Host, out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(end.Host, cancellationToken);
        var may = addresses.Where(address => AddressPolicy.IsAllowed(address, allowed)).ToArray();
        if (may.Length == 0)
        {
            throw new DeliveryException(
                addresses.Length == 0
                    ? "Its name has no address."
                    : "Its address is not public, and \"allow\" of the alert does not name it or its network.",
                isPermanent: addresses.Length > 0);
        }
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(may, end.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The messages of exceptions name host and port, which belong to the address and are nobody's business.
    private static string Reason(HttpRequestException e) => e.InnerException is SocketException socket
        ? socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "the connection was refused",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name could not be resolved",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "there is no route to it",
            SocketError.TimedOut => "there was no answer",
            _ => $"the connection failed ({socket.SocketErrorCode})",
        }
        : e.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "its name could not be resolved",
            HttpRequestError.SecureConnectionError => "its certificate is not one that is trusted",
            HttpRequestError.ResponseEnded or HttpRequestError.InvalidResponse => "its answer is no answer of HTTP",
            _ => $"the connection failed ({e.HttpRequestError})",
        };
}
