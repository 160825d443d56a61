using System.Net;
using System.Security.Cryptography;
using System.Text;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring;
using Larder.Engine.Monitoring.Channels;
using Larder.Testing.Servers;

namespace Larder.Engine.Tests.Monitoring.Channels;

public sealed class HttpSendersTests : IAsyncDisposable
{
    private const string Token = "token-b4e1f0";

    private readonly WebhookServer server = new();
    private readonly List<AlertSenders> opened = [];

    [Fact]
    public async Task A_webhook_gets_the_whole_notice_with_a_signature_that_its_receiver_can_check()
    {
        await SendAsync(new WebhookChannel("webhook", Url("/hook"), Secret.FromText("secret", "shared ✓")));
        var post = await server.ReceiveAsync(TestContext.Current.CancellationToken);

        var parts = post.Headers[WebhookSignature.Header].Split(',').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
        var signed = Encoding.UTF8.GetBytes($"{parts["t"]}.").Concat(post.Body).ToArray();
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes("shared ✓"), signed)), parts["v1"]);
        Assert.InRange(long.Parse(parts["t"]), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        Assert.Equal((Notices.Failed.Id, "failed"), (post.Headers["X-Larder-Delivery"], post.Headers["X-Larder-Event"]));
        Assert.Equal(
            ("failed", "error", "backup:journal", "journal", Notices.Failed.Message, Notices.Failed.RunId),
            (Text("event"), Text("level"), Text("key"), Text("job"), Text("message"), Text("run_id")));

        string? Text(string name) => post.Json.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Slack_discord_and_teams_get_their_own_forms_and_nobody_is_woken_by_what_a_table_is_called()
    {
        await SendAsync(new WebhookChannel("slack", Url("/slack")));
        var slack = (await server.ReceiveAsync(TestContext.Current.CancellationToken)).Json;
        Assert.StartsWith("[larder] ERROR: journal: backup failed", slack.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains("&lt;!channel&gt;", slack.GetProperty("attachments")[0].GetProperty("text").GetString(), StringComparison.Ordinal);

        await SendAsync(new WebhookChannel("discord", Url("/discord")));
        var discord = (await server.ReceiveAsync(TestContext.Current.CancellationToken)).Json;
        Assert.Empty(discord.GetProperty("allowed_mentions").GetProperty("parse").EnumerateArray());
        Assert.Equal(0xc62828, discord.GetProperty("embeds")[0].GetProperty("color").GetInt32());

        await SendAsync(new WebhookChannel("teams", Url("/teams")));
        var teams = (await server.ReceiveAsync(TestContext.Current.CancellationToken)).Json;
        Assert.Equal("AdaptiveCard", teams.GetProperty("attachments")[0].GetProperty("content").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Telegram_ntfy_and_gotify_get_their_tokens_where_they_want_them()
    {
        await SendAsync(new TelegramChannel(Secret.FromText("token", $"123:{Token}"), "-42"));
        var telegram = await server.ReceiveAsync(TestContext.Current.CancellationToken);
        Assert.Equal($"/bot123:{Token}/sendMessage", telegram.Path);
        Assert.Equal("-42", telegram.Json.GetProperty("chat_id").GetString());

        await SendAsync(new NtfyChannel(server.Url(""), "backups", Secret.FromText("token", Token)));
        var ntfy = await server.ReceiveAsync(TestContext.Current.CancellationToken);
        Assert.Equal($"Bearer {Token}", ntfy.Headers["Authorization"]);
        Assert.Equal(("backups", 4), (ntfy.Json.GetProperty("topic").GetString(), ntfy.Json.GetProperty("priority").GetInt32()));

        await SendAsync(new GotifyChannel(server.Url("/"), Secret.FromText("token", Token)));
        var gotify = await server.ReceiveAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("/message", Token), (gotify.Path, gotify.Headers["X-Gotify-Key"]));
    }

    [Theory]
    [InlineData(AlertEvent.Start, "/ping/abc/start")]
    [InlineData(AlertEvent.Success, "/ping/abc")]
    [InlineData(AlertEvent.Failed, "/ping/abc/fail")]
    [InlineData(AlertEvent.Partial, "/ping/abc/fail")]
    [InlineData(AlertEvent.Cancelled, "/ping/abc/log")]
    [InlineData(AlertEvent.Recovered, "/ping/abc/log")]
    public async Task A_dead_mans_switch_hears_start_success_failure_and_the_rest_in_its_log(AlertEvent what, string path)
    {
        await SendAsync(new WebhookChannel("healthchecks", Url("/ping/abc")), Notices.Failed with { Event = what });
        var post = await server.ReceiveAsync(TestContext.Current.CancellationToken);
        Assert.Equal($"{path}?rid=0193f2a4-b5c6-7d8e-9f00-112233445577", post.Path);
        Assert.Contains("What to do: Look at the database.", Encoding.UTF8.GetString(post.Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_down_for_a_moment_is_tried_again_and_what_refuses_is_not()
    {
        var clock = new AlertClock();
        server.Answer = number => number < 3 ? 503 : 200;
        await Delivery.SendAsync(Sender(new WebhookChannel("webhook", Url("/hook"))), Notices.Failed, clock, TestContext.Current.CancellationToken);
        Assert.Equal(3, server.Count);

        server.Answer = _ => 404;
        var refused = await Assert.ThrowsAsync<DeliveryException>(() =>
            Delivery.SendAsync(Sender(new WebhookChannel("webhook", Url("/hook"))), Notices.Failed, clock, TestContext.Current.CancellationToken));
        Assert.Equal(("It answered with status 404.", 4), (refused.Message, server.Count));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        server.Answer = _ => 307;
        server.Location = "http://169.254.169.254/latest/meta-data/";
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => SendAsync(new WebhookChannel("webhook", Url("/hook"))));
        Assert.Contains("redirect (307)", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, server.Count);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/secret-path")]
    [InlineData("http://localhost:{0}/secret-path")] // Names are looked at when they are resolved.
    [InlineData("http://[::ffff:127.0.0.1]:{0}/secret-path")]
    [InlineData("http://2130706433:{0}/secret-path")]
    [InlineData("http://169.254.169.254/secret-path")]
    [InlineData("http://10.0.0.1/secret-path")]
    public async Task An_address_that_is_not_public_is_not_called_unless_it_is_allowed_and_stands_in_no_message(string url)
    {
        var address = string.Format(null, url, server.Port);
        var channel = new WebhookChannel("webhook", Secret.FromText("alerts[0].webhook.url", address));
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => SendAsync(channel, allow: "192.0.2.7/32"));
        Assert.Contains("not public", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.IsPermanent);
        Assert.DoesNotContain("secret-path", failure.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, server.Count);
    }

    [Theory]
    [InlineData("93.184.215.14", true)]
    [InlineData("2606:2800:21f:cb07:6820:80da:af6b:8b2c", true)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.0.1", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("64:ff9b::a9fe:a9fe", false)] // 169.254.169.254 behind NAT64.
    [InlineData("2002:7f00:1::", false)] // 127.0.0.1 as 6to4.
    public void Public_addresses_are_told_from_others(string address, bool isPublic) =>
        Assert.Equal(isPublic, AddressPolicy.IsAllowed(IPAddress.Parse(address), []));

    [Fact]
    public async Task What_cannot_be_reached_is_told_without_its_address()
    {
        var channel = new TelegramChannel(Secret.FromText("token", $"123:{Token}"), "42");
        using var senders = new AlertSenders("host", TimeProvider.System, _ => { }) { TelegramServer = "http://127.0.0.1:1" };
        var failure = await Assert.ThrowsAsync<DeliveryException>(() => senders.Of(Alert(channel, "127.0.0.1/32")).SendAsync(Notices.Failed, TestContext.Current.CancellationToken));
        Assert.Equal("It could not be reached: the connection was refused.", failure.Message);
        Assert.DoesNotContain(Token, failure.ToString(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        opened.ForEach(senders => senders.Dispose());
        await server.DisposeAsync();
    }

    private Secret Url(string path) => Secret.FromText("alerts[0].webhook.url", server.Url(path));

    private Task SendAsync(AlertChannel channel, Notice? notice = null, string allow = "127.0.0.0/8") =>
        Sender(channel, allow).SendAsync(notice ?? Notices.Failed, TestContext.Current.CancellationToken);

    private IAlertSender Sender(AlertChannel channel, string allow = "127.0.0.0/8")
    {
        var senders = new AlertSenders("host", TimeProvider.System, _ => { }) { TelegramServer = server.Url("") };
        opened.Add(senders);
        return senders.Of(Alert(channel, allow));
    }

    private static AlertSettings Alert(AlertChannel channel, string allow) => new()
    {
        Channel = channel,
        Cooldown = TimeSpan.FromMinutes(60),
        Allow = [IPNetwork.Parse(allow)],
    };
}
