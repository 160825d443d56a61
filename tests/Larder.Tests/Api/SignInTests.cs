using System.Net;
using System.Text.Json.Nodes;
using Larder.Engine.Access;
using Larder.Testing;

namespace Larder.Tests.Api;

/// <summary>Logging in with a real provider over real HTTP.</summary>
public sealed class SignInTests
{
    [Theory]
    [InlineData(OpenIdProvider.ClientSecret, "client_secret_basic")]
    [InlineData(OpenIdProvider.ClientSecret, "client_secret_post")]
    [InlineData(null, "none")]
    public async Task Whom_the_provider_gives_a_role_is_made_a_user_at_the_first_time_and_known_at_the_second(string? secret, string way)
    {
        await using var provider = await OpenIdProvider.StartAsync(secret, way);
        await using var desk = await OpenAsync(provider);
        using var browser = new SignInBrowser(desk);

        var page = await browser.SignInAsync("?return=%2Fapi%2Fdocs%3Fa%3D%22b%22%26c");

        Assert.Equal("/api/docs?a=\"b\"&c", SignInBrowser.LeadsTo(page));
        Assert.Contains("samesite=strict", page.Cookies.First(cookie => cookie.StartsWith("larder_session=", StringComparison.Ordinal)), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("no-store", page.Headers["Cache-Control"]);
        var session = (await browser.GetAsync("/api/session")).Json;
        Assert.Equal(("kai", "admin", "session"), (Text(session, "name"), Text(session, "role"), Text(session, "way")));
        Assert.Equal(HttpStatusCode.OK, (HttpStatusCode)(await browser.GetAsync("/api/users")).Status);
        var kai = new UserStore(desk.Catalog).Get("kai");
        Assert.False(kai.HasPassword);
        Assert.NotNull(kai.LastLoginAt);

        provider.Signer = provider.Keys[1]; // On a curve this time.
        provider.Person["preferred_username"] = "kai.renamed"; // Another name there; the same person.
        using var later = new SignInBrowser(desk);
        Assert.Equal("/api/session", SignInBrowser.LeadsTo(await later.SignInAsync()));
        Assert.Equal("kai", Text((await later.GetAsync("/api/session")).Json, "name"));
        Assert.Equal(["owner", "kai"], new UserStore(desk.Catalog).All().OrderBy(user => user.CreatedAt).Select(user => user.Name));
        Assert.Equal(
            [("kai", ""), ("kai", "made as admin")],
            desk.Audit.Page(10, 0, null, "session.oidc.callback").Entries.Select(entry => (entry.What.Actor, entry.What.Details)));
        await EnsureNothingLeakedAsync(desk, provider, page);
    }

    [Fact]
    public async Task A_long_way_back_still_fits_into_the_cookie()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await OpenAsync(provider);
        using var browser = new SignInBrowser(desk);
        var path = "/" + string.Concat(Enumerable.Repeat("\u0b95<\"", 166));
        var begun = await desk.ExpectAsync(302, "GET", "/api/session/oidc?return=" + Uri.EscapeDataString(path));
        Assert.InRange(begun.Cookies[0].Length, 1000, 4095);
        Assert.Equal(path, SignInBrowser.LeadsTo(await browser.SignInAsync("?return=" + Uri.EscapeDataString(path))));
    }

    [Fact]
    public async Task The_role_follows_the_provider_and_who_has_none_there_any_more_stays_outside()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await OpenAsync(provider);
        using var browser = new SignInBrowser(desk);
        SignInBrowser.LeadsTo(await browser.SignInAsync());

        provider.Person["groups"] = new JsonArray("ops");
        using var other = new SignInBrowser(desk);
        SignInBrowser.LeadsTo(await other.SignInAsync());
        Assert.Equal(Role.Operator, new UserStore(desk.Catalog).Get("kai").Role);
        Assert.Equal(401, (await browser.GetAsync("/api/jobs")).Status); // With the role went the sessions.

        provider.Person["groups"] = new JsonArray("guests");
        await RefusedAsync(desk, provider, await other.SignInAsync(), "gives \"kai\" no role here any more");
        provider.Person = new JsonObject { ["sub"] = "person-2", ["preferred_username"] = "eve", ["groups"] = "guests" };
        await RefusedAsync(desk, provider, await other.SignInAsync(), "gives \"eve\" no role here");
        Assert.Null(new UserStore(desk.Catalog).Find("eve"));
        provider.Person = new JsonObject { ["sub"] = "person-2", ["preferred_username"] = "eve\nforged", ["groups"] = "dba" };
        await RefusedAsync(desk, provider, await other.SignInAsync(), "gives no name");
    }

    [Fact]
    public async Task A_user_of_Larders_is_bound_by_who_knows_the_password_and_taken_over_by_nobody()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await OpenAsync(provider);
        new UserStore(desk.Catalog).Add("kai", Role.Viewer, ApiDesk.Passphrase);

        using var stranger = new SignInBrowser(desk); // Whoever may call himself kai at the provider.
        await RefusedAsync(desk, provider, await stranger.SignInAsync(), "There is a user \"kai\" already");
        using var wrong = new SignInBrowser(desk);
        Assert.Equal(200, (await wrong.PostAsync("/api/session", $$"""{"name":"owner","password":"{{ApiDesk.Passphrase}}"}""")).Status);
        await RefusedAsync(desk, provider, await wrong.SignInAsync(), "There is a user \"kai\" already");

        using var kai = new SignInBrowser(desk);
        Assert.Equal(200, (await kai.PostAsync("/api/session", $$"""{"name":"kai","password":"{{ApiDesk.Passphrase}}"}""")).Status);
        SignInBrowser.LeadsTo(await kai.SignInAsync());

        using var later = new SignInBrowser(desk);
        SignInBrowser.LeadsTo(await later.SignInAsync());
        Assert.Equal(("kai", "viewer"), (Text((await later.GetAsync("/api/session")).Json, "name"), Text((await later.GetAsync("/api/session")).Json, "role")));
        provider.Person["sub"] = "person-3"; // Somebody else has the name there now.
        await RefusedAsync(desk, provider, await stranger.SignInAsync(), "There is a user \"kai\" already");
    }

    [Fact]
    public async Task Who_is_disabled_comes_in_by_no_way_until_enabled_again()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await OpenAsync(provider);
        var owner = desk.TokenOf(Role.Owner);
        using var browser = new SignInBrowser(desk);
        SignInBrowser.LeadsTo(await browser.SignInAsync());
        var token = new TokenStore(desk.Catalog).Create(new NewToken { User = "kai", Name = "script", Scopes = [Scope.Read] }).Secret;
        new UserStore(desk.Catalog).SetPassword("kai", ApiDesk.Passphrase);
        await desk.ExpectAsync(200, "GET", "/api/jobs", token);

        await desk.ExpectAsync(200, "PUT", "/api/users/kai/disabled", owner);

        Assert.Equal(401, (await browser.GetAsync("/api/jobs")).Status);
        await desk.ExpectAsync(401, "GET", "/api/jobs", token);
        await desk.ExpectAsync(401, "POST", "/api/session", null, $$"""{"name":"kai","password":"{{ApiDesk.Passphrase}}"}""");
        await RefusedAsync(desk, provider, await browser.SignInAsync(), "\"kai\" is disabled");
        await desk.ExpectAsync(200, "DELETE", "/api/users/kai/disabled", owner);
        await desk.ExpectAsync(200, "GET", "/api/jobs", token);
        SignInBrowser.LeadsTo(await browser.SignInAsync());
        Assert.Equal("LARDER-102", (await desk.ExpectAsync(409, "PUT", "/api/users/owner/disabled", owner)).Code);
    }

    [Fact]
    public async Task While_there_is_no_owner_only_an_owner_is_made()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await ApiDesk.OpenAsync(provider.Settings());
        using var browser = new SignInBrowser(desk);
        await RefusedAsync(desk, provider, await browser.SignInAsync(), "no owner yet");
        provider.Person["groups"] = new JsonArray("dba", "boss");
        SignInBrowser.LeadsTo(await browser.SignInAsync());
        Assert.Equal("owner", Text((await browser.GetAsync("/api/session")).Json, "role"));
    }

    [Fact]
    public async Task New_keys_of_the_provider_are_taken_up_when_a_token_names_one()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await OpenAsync(provider);
        using var browser = new SignInBrowser(desk);
        SignInBrowser.LeadsTo(await browser.SignInAsync());
        SignInBrowser.LeadsTo(await browser.SignInAsync());
        Assert.Equal(1, provider.KeysAsked); // They are kept.
        provider.KeysDelay = TimeSpan.FromMilliseconds(300); // New ones must be waited for.

        provider.Keys.ForEach(key => key.Dispose());
        provider.Keys.Clear();
        provider.Keys.Add(provider.Signer = ProviderKey.Rsa("three"));
        SignInBrowser.LeadsTo(await browser.SignInAsync());
        Assert.Equal(2, provider.KeysAsked);
    }

    [Fact]
    public async Task Keys_that_nobody_understands_are_passed_over()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        foreach (var odd in Auth.SignedTokensTests.OddKeys)
        {
            provider.OddKeys.Add(JsonNode.Parse(odd));
        }
        await using var desk = await OpenAsync(provider);
        using var browser = new SignInBrowser(desk);
        SignInBrowser.LeadsTo(await browser.SignInAsync());
        provider.Signer = provider.Keys[1];
        SignInBrowser.LeadsTo(await browser.SignInAsync());
    }

    [Fact]
    public async Task A_changed_configuration_counts_for_the_next_sign_in()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await OpenAsync(provider);
        using var browser = new SignInBrowser(desk);
        SignInBrowser.LeadsTo(await browser.SignInAsync());
        await desk.Desk.ConfigureAsync(Cli.Desk.Usual + "\n" + provider.Settings().Replace("dba: admin", "dba: viewer", StringComparison.Ordinal));
        desk.Reload();
        SignInBrowser.LeadsTo(await browser.SignInAsync());
        Assert.Equal(Role.Viewer, new UserStore(desk.Catalog).Get("kai").Role);
        await desk.Desk.ConfigureAsync(Cli.Desk.Usual);
        desk.Reload();
        Assert.Equal(404, (await browser.GetAsync("/api/session/oidc")).Status);
    }

    [Fact]
    public async Task Behind_a_proxy_with_https_both_cookies_are_bound_to_the_host_and_the_provider_hears_the_public_address()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await ApiDesk.OpenAsync(provider.Settings("public_url: https://backup.example.com/") + "\nhttp: { proxies: [127.0.0.1] }");
        var begun = await desk.ExpectAsync(
            302, "GET", "/api/session/oidc", null, null, ("X-Forwarded-Proto", "https"), ("Host", "backup.example.com"));

        var cookie = Assert.Single(begun.Cookies);
        Assert.StartsWith("__Host-larder_sign_in=", cookie, StringComparison.Ordinal);
        foreach (var word in new[] { "; secure", "; httponly", "; samesite=lax", "; path=/", "; max-age=600" })
        {
            Assert.Contains(word, cookie, StringComparison.OrdinalIgnoreCase);
        }
        Assert.Contains(
            "redirect_uri=" + Uri.EscapeDataString("https://backup.example.com/api/session/oidc/callback"), begun.Headers["Location"], StringComparison.Ordinal);
        Assert.DoesNotContain(OpenIdProvider.ClientSecret, begun.Headers["Location"], StringComparison.Ordinal);
    }

    internal static async Task<ApiDesk> OpenAsync(OpenIdProvider provider, string more = "")
    {
        var desk = await ApiDesk.OpenAsync(provider.Settings() + "\n" + more);
        new UserStore(desk.Catalog).Add("owner", Role.Owner, ApiDesk.Passphrase);
        return desk;
    }

    /// <summary>That nobody came in, that the audit log says why, and that neither tells what is confidential.</summary>
    internal static async Task RefusedAsync(ApiDesk desk, OpenIdProvider provider, Heard heard, string why, int status = 403, string code = "LARDER-118")
    {
        Assert.True((heard.Status, heard.Code) == (status, code), heard.Text);
        Assert.DoesNotContain(heard.Cookies, cookie => cookie.Contains("session", StringComparison.Ordinal));
        var noted = desk.Audit.Page(1, 0, null, "session.oidc.callback").Entries[0].What;
        Assert.Equal(status < 500 ? AuditOutcome.Refused : AuditOutcome.Failed, noted.Outcome);
        Assert.Contains(why, noted.Details, StringComparison.Ordinal);
        await EnsureNothingLeakedAsync(desk, provider, heard);
    }

    internal static async Task EnsureNothingLeakedAsync(ApiDesk desk, OpenIdProvider provider, Heard heard)
    {
        var audit = string.Join('\n', desk.Audit.Page(1000, 0).Entries.Select(entry => entry.What.ToString()));
        Assert.All(provider.Confidential.Append(OpenIdProvider.ClientSecret), text =>
        {
            Assert.DoesNotContain(text, heard.Text + string.Join('\n', heard.Headers.Values) + audit, StringComparison.Ordinal);
        });

        // By another process: whoever opens and closes a database's file loses the locks that SQLite has on it.
        var words = provider.Confidential.SelectMany(text => new[] { "-e", text });
        (await ChildProcess.RunAsync(new ChildCommand("grep", ["-rFl", .. words, desk.Desk["state"]]))).Expect(provider.Confidential.IsEmpty ? 2 : 1);
        (await ChildProcess.RunAsync(new ChildCommand("grep", "-rFl", "-e", "session.oidc.callback", desk.Desk["state"]))).Expect();
    }

    private static string? Text(System.Text.Json.JsonElement document, string name) => document.GetProperty(name).GetString();
}
