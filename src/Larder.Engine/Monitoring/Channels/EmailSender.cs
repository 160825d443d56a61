using System.Net.Mail;
using System.Text;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring.Channels.Mail;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>E-mail by SMTP: STARTTLS or TLS from the beginning, with authentication where there is a user.</summary>
/// <param name="host">What this machine calls itself.</param>
/// <param name="warn">Told of recipients that the server refused while it took others.</param>
internal sealed class EmailSender(EmailChannel channel, string host, TimeProvider clock, Action<string> warn) : IAlertSender
{
    private const int ImplicitTlsPort = 465, SubmissionPort = 587, RelayPort = 25;

    private int Port => channel.Port
        ?? (channel.Security == "tls" ? ImplicitTlsPort
            : channel.Security == "starttls" || channel.User is not null ? SubmissionPort : RelayPort);

    private bool IsTlsFromTheBeginning => channel.Security == "tls" || (channel.Security == "auto" && Port == ImplicitTlsPort);

    public async Task SendAsync(Notice notice, CancellationToken cancellationToken)
    {
        var from = new MailAddress(
            channel.From ?? (channel.User?.Contains('@') == true ? channel.User : $"larder@{MailText.HostName(host)}"));
        IReadOnlyList<MailAddress> to = [.. channel.To.Select(address => new MailAddress(address))];
        var mail = MailText.Compose(notice with { At = TimeZoneInfo.ConvertTime(notice.At, clock.LocalTimeZone) }, from, to, host);

        await using var server = await SmtpConversation.ConnectAsync(channel.Server, Port, cancellationToken);
        var offered = await GreetAsync(server, cancellationToken);
        await AuthenticateAsync(server, offered, cancellationToken);
        await server.DemandAsync($"MAIL FROM:{MailText.Path(from)}", "the sender", cancellationToken);
        await NameRecipientsAsync(server, to, cancellationToken);
        await server.DemandAsync("DATA", "the message", cancellationToken);
        await server.SayAsync(Encoding.ASCII.GetBytes($"{Stuffed(mail)}.\r\n"), cancellationToken);
        var taken = await server.HearAsync(cancellationToken);
        if (!taken.IsPositive)
        {
            throw server.Refused("the message", taken);
        }
        try
        {
            await server.AskAsync("QUIT", cancellationToken); // It has the mail: however it says farewell.
        }
        catch (DeliveryException)
        {
            // Some servers hang up first.
        }
    }

    /// <returns>What the server offers, on the connection as it is from now on.</returns>
    private async Task<SmtpReply> GreetAsync(SmtpConversation server, CancellationToken cancellationToken)
    {
        if (IsTlsFromTheBeginning)
        {
            await server.EncryptAsync(ServerTrust.Options(channel.Server, channel.CaFile, isOpportunistic: false), cancellationToken);
        }
        var greeting = await server.HearAsync(cancellationToken);
        if (!greeting.IsPositive)
        {
            throw server.Refused("to talk", greeting);
        }
        var hello = $"EHLO {MailText.HostName(host)}";
        var offered = await server.DemandAsync(hello, "the greeting", cancellationToken);
        if (server.IsEncrypted || channel.Security == "none")
        {
            return offered;
        }
        if (!offered.Offers("STARTTLS"))
        {
            return channel.Security == "auto"
                ? offered
                : throw new DeliveryException(
                    $"The mail server {channel.Server} offers no STARTTLS, and security is {channel.Security}.", isPermanent: true);
        }
        await server.DemandAsync("STARTTLS", "STARTTLS", cancellationToken);
        var isOpportunistic = channel is { Security: "auto", User: null, CaFile: null };
        await server.EncryptAsync(ServerTrust.Options(channel.Server, channel.CaFile, isOpportunistic), cancellationToken);
        return await server.DemandAsync(hello, "the greeting", cancellationToken); // What was offered in the open may have been forged.
    }

    private async Task AuthenticateAsync(SmtpConversation server, SmtpReply offered, CancellationToken cancellationToken)
    {
        if (channel.User is not { } user)
        {
            return;
        }
        if (!server.IsEncrypted && channel.Security != "none")
        {
            throw new DeliveryException(
                $"The mail server {channel.Server} offers no encryption, and the password is not said in the open. "
                + "\"security: none\" would allow it.",
                isPermanent: true);
        }
        var password = channel.Password is { } secret ? await secret.RevealAsync(cancellationToken) : "";
        var mechanisms = offered.WordsOf("AUTH");
        if (mechanisms.Contains("PLAIN", StringComparer.OrdinalIgnoreCase))
        {
            await server.DemandAsync($"AUTH PLAIN {Base64($"\0{user}\0{password}")}", "user and password", cancellationToken);
        }
        else if (mechanisms.Contains("LOGIN", StringComparer.OrdinalIgnoreCase))
        {
            await server.DemandAsync("AUTH LOGIN", "to authenticate", cancellationToken);
            await server.DemandAsync(Base64(user), "the user", cancellationToken);
            await server.DemandAsync(Base64(password), "user and password", cancellationToken);
        }
        else
        {
            throw new DeliveryException(
                $"The mail server {channel.Server} takes neither AUTH PLAIN nor AUTH LOGIN, and a user is configured.", isPermanent: true);
        }
    }

    private async Task NameRecipientsAsync(SmtpConversation server, IReadOnlyList<MailAddress> to, CancellationToken cancellationToken)
    {
        var refused = new List<(MailAddress Address, SmtpReply Reply)>();
        foreach (var address in to)
        {
            var reply = await server.AskAsync($"RCPT TO:{MailText.Path(address)}", cancellationToken);
            if (!reply.IsPositive)
            {
                refused.Add((address, reply));
            }
        }
        if (refused.Count == to.Count)
        {
            throw server.Refused($"the recipient {refused[0].Address.Address}", refused[0].Reply);
        }
        foreach (var (address, reply) in refused)
        {
            warn($"The mail server {channel.Server} refused the recipient {address.Address}: {reply.Text}");
        }
    }

    // A dot alone would end the mail.
    private static string Stuffed(string mail) =>
        (mail.StartsWith('.') ? "." : "") + mail.Replace("\r\n.", "\r\n..", StringComparison.Ordinal);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
