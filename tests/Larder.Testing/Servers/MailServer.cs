using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Channels;

namespace Larder.Testing.Servers;

/// <summary>
/// A real mail server (aiosmtpd) on a free port of 127.0.0.1. What it takes can be read; with TLS it has a certificate of its own authority,
/// <see cref="CaFile"/>. Ended with the test.
/// </summary>
public sealed class MailServer : IAsyncDisposable
{
    public const string User = "larder@example.com";
    public const string Password = "pä ss=wörd\\%1";

    // Debian's own: other Pythons on the PATH do not see Debian's packages.
    private const string Python = "/usr/bin/python3";

    private const string Script =
        """
        import base64, json, logging, ssl, sys, warnings
        warnings.simplefilter("ignore")
        logging.disable()
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult
        port, mode, user, password, cert, key = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5], sys.argv[6]
        def say(**what): print(json.dumps(what), flush=True)
        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith("nobody@"): return "550 no such user"
                envelope.rcpt_tos.append(address)
                return "250 OK"
            async def handle_DATA(self, server, session, envelope):
                say(sender=envelope.mail_from, to=envelope.rcpt_tos, tls=session.ssl is not None or mode == "tls", user=getattr(session, "who", None),
                    content=base64.b64encode(envelope.content).decode())
                return "250 OK"
        def authenticate(server, session, envelope, mechanism, data):
            session.who = data.login.decode()
            return AuthResult(success=session.who == user and data.password.decode() == password, handled=False)
        context = None
        if mode != "none":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
        options = dict(authenticator=authenticate, auth_required=user != "", auth_require_tls=mode == "starttls")
        if mode == "tls": options["ssl_context"] = context
        if mode == "starttls": options.update(tls_context=context, require_starttls=True)
        controller = Controller(Handler(), hostname="127.0.0.1", port=port, **options)
        controller.start()
        say(ready=True)
        sys.stdin.read()
        """;

    private readonly TemporaryFolder folder = new();
    private readonly Channel<ReceivedMail> mails = Channel.CreateUnbounded<ReceivedMail>();
    private Process? process;

    private MailServer()
    {
    }

    public int Port { get; private set; }

    /// <summary>The authority that signed the server's certificate for <c>localhost</c>, in PEM.</summary>
    public string CaFile => folder["ca.pem"];

    /// <param name="mode"><c>none</c>, <c>starttls</c> (and nothing without it) or <c>tls</c> from the beginning.</param>
    /// <param name="mustAuthenticate">Whether it takes mail of <see cref="User"/> alone.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<MailServer> StartAsync(string mode, bool mustAuthenticate, CancellationToken cancellationToken)
    {
        var server = new MailServer();
        try
        {
            await server.LaunchAsync(mode, mustAuthenticate, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The next mail, waiting until it comes.</summary>
    public async Task<ReceivedMail> ReceiveAsync(CancellationToken cancellationToken) => await mails.Reader.ReadAsync(cancellationToken);

    /// <summary>Whether a mail came that was not received.</summary>
    public bool HasMore => mails.Reader.TryPeek(out _);

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.StandardInput.Close(); // It reads to the end of its input and then ends.
            await process.WaitForExitAsync();
            process.Dispose();
        }
        await folder.DisposeAsync();
    }

    private async Task LaunchAsync(string mode, bool mustAuthenticate, CancellationToken cancellationToken)
    {
        await WriteCertificatesAsync(cancellationToken);
        await File.WriteAllTextAsync(folder["server.py"], Script, cancellationToken);
        Port = FreePort();
        string[] arguments =
        [
            "-u", folder["server.py"], Port.ToString(CultureInfo.InvariantCulture), mode, mustAuthenticate ? User : "",
            mustAuthenticate ? Password : "", folder["cert.pem"], folder["key.pem"],
        ];
        process = Process.Start(new ProcessStartInfo(Python, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["PYTHONIOENCODING"] = "utf-8", ["LC_ALL"] = "C.UTF-8" },
        })!;
        var first = await process.StandardOutput.ReadLineAsync(cancellationToken)
            ?? throw new InvalidOperationException("The mail server did not start: is python3-aiosmtpd installed (eng/install test)?");
        if (!first.Contains("ready", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The mail server said: {first}");
        }
        _ = ReadAsync(process.StandardOutput);
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            var mail = JsonDocument.Parse(line).RootElement;
            await mails.Writer.WriteAsync(new ReceivedMail(
                mail.GetProperty("sender").GetString()!,
                [.. mail.GetProperty("to").EnumerateArray().Select(to => to.GetString()!)],
                mail.GetProperty("tls").GetBoolean(),
                mail.GetProperty("user").GetString(),
                mail.GetProperty("content").GetBytesFromBase64()));
        }
    }

    private async Task WriteCertificatesAsync(CancellationToken cancellationToken)
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=Larder test authority", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var (from, to) = (new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var ca = caRequest.CreateSelfSigned(from, to);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(ca, from, to, [1, 2, 3, 4]);
        await File.WriteAllTextAsync(folder["ca.pem"], ca.ExportCertificatePem(), cancellationToken);
        await File.WriteAllTextAsync(folder["cert.pem"], certificate.ExportCertificatePem(), cancellationToken);
        await File.WriteAllTextAsync(folder["key.pem"], key.ExportPkcs8PrivateKeyPem(), cancellationToken);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <param name="Content">As it came over the wire.</param>
public sealed record ReceivedMail(string Sender, IReadOnlyList<string> To, bool IsEncrypted, string? User, byte[] Content)
{
    /// <summary>Subject, plain text and HTML, as Python's own parser of mail understands them: one JSON object.</summary>
    public async Task<JsonElement> ParseAsync(CancellationToken cancellationToken)
    {
        const string Script =
            """
            import email, email.policy, json, sys
            m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
            print(json.dumps(dict(subject=m["subject"], sender=m["from"], to=m["to"], date=m["date"].datetime.isoformat(), id=m["message-id"], type=m.get_content_type(),
                defects=[str(d) for d in m.defects], plain=m.get_body(("plain",)).get_content(), html=m.get_body(("html",)).get_content())))
            """;
        var child = await ChildProcess.RunAsync(
            new ChildCommand("/usr/bin/python3", "-c", Script)
            {
                StandardInput = async (stream, token) => await stream.WriteAsync(Content, token),
            },
            cancellationToken);
        return JsonDocument.Parse(child.Expect().Output).RootElement;
    }
}
