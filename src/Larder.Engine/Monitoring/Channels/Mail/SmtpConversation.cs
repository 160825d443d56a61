using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Larder.Engine.Monitoring.Channels.Mail;

/// <summary>
/// A conversation with a mail server, line by line (RFC 5321): connecting, TLS, commands and their answers. Every failure is a
/// <see cref="DeliveryException"/>.
/// </summary>
internal sealed class SmtpConversation : IAsyncDisposable
{
    private const int LineBytesMax = 8 * 1024;
    private const int LinesMax = 200;

    private readonly string server;
    private readonly byte[] buffer = new byte[LineBytesMax];
    private Stream stream;
    private int start;
    private int end;

    private SmtpConversation(string server, Stream stream) => (this.server, this.stream) = (server, stream);

    public bool IsEncrypted => stream is SslStream;

    public static async Task<SmtpConversation> ConnectAsync(string server, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, port, cancellationToken);
            return new SmtpConversation(server, new NetworkStream(socket, ownsSocket: true));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new DeliveryException($"The mail server {server}:{port} could not be reached: {e.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "it refused the connection",
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name could not be resolved",
                _ => e.Message.TrimEnd('.'),
            }}.");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>From here on nobody else can read or change what is said.</summary>
    /// <param name="options">How the server proves who it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task EncryptAsync(SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        // What came before the encryption must not count as said within it.
        (start, end) = (0, 0);
        var encrypted = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await encrypted.AuthenticateAsClientAsync(options, cancellationToken);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await encrypted.DisposeAsync();
            throw new DeliveryException(
                $"No encrypted connection to the mail server {server} could be made: {e.Message.TrimEnd('.')}.",
                isPermanent: e is AuthenticationException);
        }
        stream = encrypted;
    }

    /// <summary>Says a line and hears the answer.</summary>
    public async Task<SmtpReply> AskAsync(string line, CancellationToken cancellationToken)
    {
        await SayAsync(Encoding.UTF8.GetBytes($"{line}\r\n"), cancellationToken);
        return await HearAsync(cancellationToken);
    }

    /// <summary>The same, and an answer that is no consent fails.</summary>
    /// <param name="line">What is said.</param>
    /// <param name="shown">What stands in its place in a message, where it holds a secret.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<SmtpReply> DemandAsync(string line, string shown, CancellationToken cancellationToken)
    {
        var reply = await AskAsync(line, cancellationToken);
        return reply.IsPositive ? reply : throw Refused(shown, reply);
    }

    public DeliveryException Refused(string what, SmtpReply reply) =>
        new($"The mail server {server} refused {what}: {reply.Text}", reply.IsPermanent);

    public async Task SayAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(bytes, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw Lost(e);
        }
    }

    public async Task<SmtpReply> HearAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await ReadLineAsync(cancellationToken);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), out var code) || lines.Count == LinesMax)
            {
                throw new DeliveryException($"What answers at {server} is no mail server.");
            }
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] == ' ')
            {
                return new SmtpReply(code, lines);
            }
        }
    }

    public async ValueTask DisposeAsync() => await stream.DisposeAsync();

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var at = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = Encoding.UTF8.GetString(buffer, start, at).TrimEnd('\r');
                start += at + 1;
                return line;
            }
            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
            }
            if (end == buffer.Length)
            {
                throw new DeliveryException($"What answers at {server} is no mail server.");
            }
            try
            {
                var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
                end += read > 0 ? read : throw new IOException("it closed the connection");
            }
            catch (IOException e)
            {
                throw Lost(e);
            }
        }
    }

    private DeliveryException Lost(IOException e) => new($"The mail server {server} was lost: {e.Message.TrimEnd('.')}.");
}
