using System.Text;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring.Channels;
using Larder.Testing.Servers;

namespace Larder.Engine.Tests.Monitoring.Channels;

[Trait("Kind", "server")]
public sealed class EmailSenderTests
{
    private readonly List<string> warnings = [];

    [Theory]
    [InlineData("starttls", "starttls")]
    [InlineData("starttls", "auto")]
    [InlineData("tls", "tls")]
    [InlineData("none", "none")]
    public async Task A_mail_arrives_encrypted_and_authenticated_as_configured(string server, string security)
    {
        await using var mail = await MailServer.StartAsync(server, mustAuthenticate: true, TestContext.Current.CancellationToken);
        await SendAsync(Channel(mail) with { Security = security });

        var received = await mail.ReceiveAsync(TestContext.Current.CancellationToken);
        Assert.Equal((MailServer.User, server != "none"), (received.User, received.IsEncrypted));
        Assert.Equal("larder@example.com", received.Sender);
        Assert.Equal(["admin@example.com", "ops@example.com"], received.To);
        var parsed = await received.ParseAsync(TestContext.Current.CancellationToken);
        Assert.Equal("[larder] ERROR: journal: backup failed, Größe ✗ and a title that is long enough to be folded over two lines (höst)",
            parsed.GetProperty("subject").GetString());
        Assert.Equal("multipart/alternative", parsed.GetProperty("type").GetString());
        Assert.Equal("\"Larder, the backup\" <larder@example.com>", parsed.GetProperty("sender").GetString());
        Assert.Empty(parsed.GetProperty("defects").EnumerateArray());
        Assert.Contains(".\nA line that is a dot alone ends no mail.", parsed.GetProperty("plain").GetString(), StringComparison.Ordinal);
        Assert.Contains("Duration: 12 s", parsed.GetProperty("plain").GetString(), StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", parsed.GetProperty("html").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", parsed.GetProperty("html").GetString(), StringComparison.Ordinal);
        Assert.All(Encoding.Latin1.GetString(received.Content).Split("\r\n"), line => Assert.True(line.Length <= 998 && line.All(char.IsAscii)));
    }

    [Fact]
    public async Task A_wrong_password_is_refused_for_good_and_stands_nowhere()
    {
        await using var mail = await MailServer.StartAsync("starttls", mustAuthenticate: true, TestContext.Current.CancellationToken);
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => SendAsync(
            Channel(mail) with { Password = Secret.FromText("password", "hunter2-wrong") }));
        Assert.True(failure.IsPermanent);
        Assert.Contains("user and password", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.ToString(), StringComparison.Ordinal);
        Assert.False(mail.HasMore);
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_gets_no_password()
    {
        await using var mail = await MailServer.StartAsync("starttls", mustAuthenticate: true, TestContext.Current.CancellationToken);
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => SendAsync(Channel(mail) with { CaFile = null }));
        Assert.Contains("No encrypted connection", failure.Message, StringComparison.Ordinal);
        Assert.False(mail.HasMore);
    }

    [Fact]
    public async Task A_password_is_not_said_in_the_open_unless_that_is_configured()
    {
        await using var mail = await MailServer.StartAsync("none", mustAuthenticate: true, TestContext.Current.CancellationToken);
        var auto = await Assert.ThrowsAsync<DeliveryException>(() => SendAsync(Channel(mail) with { Security = "auto" }));
        Assert.Contains("not said in the open", auto.Message, StringComparison.Ordinal);
        var starttls = await Assert.ThrowsAsync<DeliveryException>(() => SendAsync(Channel(mail) with { Security = "starttls" }));
        Assert.Contains("no STARTTLS", starttls.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_recipient_that_is_refused_does_not_keep_the_others_from_their_mail()
    {
        await using var mail = await MailServer.StartAsync("none", mustAuthenticate: false, TestContext.Current.CancellationToken);
        var plain = Channel(mail) with { User = null, Password = null, Security = "auto", CaFile = null };
        await SendAsync(plain with { To = ["nobody@example.com", "admin@example.com"] });
        Assert.Equal(["admin@example.com"], (await mail.ReceiveAsync(TestContext.Current.CancellationToken)).To);
        Assert.Contains("nobody@example.com", Assert.Single(warnings), StringComparison.Ordinal);

        var failure = await Assert.ThrowsAsync<DeliveryException>(() => SendAsync(plain with { To = ["nobody@example.com"] }));
        Assert.True(failure.IsPermanent);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => SendAsync(new EmailChannel
        {
            To = ["admin@example.com"], Server = "127.0.0.1", Port = 1, Security = "auto",
        }));
        Assert.False(failure.IsPermanent);
        Assert.Equal("The mail server 127.0.0.1:1 could not be reached: it refused the connection.", failure.Message);
    }

    private static EmailChannel Channel(MailServer server) => new()
    {
        To = ["admin@example.com", "The operators <ops@example.com>"],
        From = "\"Larder, the backup\" <larder@example.com>",
        Server = "localhost",
        Port = server.Port,
        User = MailServer.User,
        Password = Secret.FromText("password", MailServer.Password),
        Security = "starttls",
        CaFile = server.CaFile,
    };

    private async Task SendAsync(EmailChannel channel) => await new EmailSender(channel, "höst", TimeProvider.System, warnings.Add)
        .SendAsync(Notices.Failed, TestContext.Current.CancellationToken);
}
