using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Engine.Access;
using Microsoft.AspNetCore.Http;

namespace Larder.Tests.Api;

/// <summary>What can be forged, replayed or withheld on the way through a provider, and what becomes of it.</summary>
public sealed class SignInAttackTests
{
    [Fact]
    public async Task An_answer_counts_only_in_the_browser_that_began_with_its_state_and_once()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await SignInTests.OpenAsync(provider);
        using var attacker = new SignInBrowser(desk);
        using var victim = new SignInBrowser(desk);

        // The attacker's own answer, opened in the victim's browser, which began nothing, or something else.
        var stolen = await attacker.GoThereAsync();
        await RefusedAsync(desk, provider, await victim.GetAsync(stolen), "This browser began no sign-in here");
        var own = await victim.GoThereAsync();
        await RefusedAsync(desk, provider, await victim.GetAsync(stolen), "does not belong to the sign-in that this browser began");
        await RefusedAsync(desk, provider, await victim.GetAsync(Regex.Replace(own, "state=[^&]*", "state=")), "not as OpenID Connect has it");
        await RefusedAsync(desk, provider, await victim.GetAsync(own + "&state=a"), "not as OpenID Connect has it");

        // None of this has cost the victim the own sign-in.
        var cookies = victim.Cookies.GetCookieHeader(desk.Address);
        SignInBrowser.LeadsTo(await victim.GetAsync(own));
        await RefusedAsync(desk, provider, await victim.GetAsync(own), "This browser began no sign-in here");

        // Nor does it help to have kept the cookie.
        await RefusedAsync(desk, provider, await desk.SendAsync("GET", own, null, null, ("Cookie", cookies)), "has ended already");
        foreach (var forged in new[] { "AAAA", new string('A', 3000), "....", cookies[..^4] + "AAAA" })
        {
            var heard = await desk.SendAsync("GET", own, null, null, ("Cookie", forged.StartsWith("larder", StringComparison.Ordinal) ? forged : "larder_sign_in=" + forged));
            await RefusedAsync(desk, provider, heard, "This browser began no sign-in here");
        }
    }

    [Fact]
    public async Task A_code_of_another_sign_in_is_not_exchanged()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await SignInTests.OpenAsync(provider);
        using var attacker = new SignInBrowser(desk);
        using var victim = new SignInBrowser(desk);
        var (stolen, own) = (await victim.GoThereAsync(), await attacker.GoThereAsync());
        var code = Regex.Match(stolen, "code=([^&]*)").Groups[1].Value;
        await RefusedAsync(desk, provider, await attacker.GetAsync(Regex.Replace(own, "code=[^&]*", "code=" + code)), "does not take the code");
        await RefusedAsync(desk, provider, await victim.GetAsync(stolen), "does not take the code"); // It was tried, so it is used.
    }

    [Fact]
    public async Task A_token_in_which_one_thing_is_wrong_lets_nobody_in()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await SignInTests.OpenAsync(provider, "http: { proxies: [127.0.0.1] }");
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        using var other = ProviderKey.Rsa("one");
        var signer = provider.Signer;
        byte[] Hmac(string key, byte[] signed) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), signed);
        (string Why, Action<JsonObject> Bend, Func<JsonObject, string>? Sign)[] wrongs =
        [
            ("not made for this sign-in", claims => claims["nonce"] = "638000000000000000.AAAA", null),
            ("not made for this sign-in", claims => claims.Remove("nonce"), null),
            ("for somebody else", claims => claims["aud"] = "another", null),
            ("for somebody else", claims => claims.Remove("aud"), null),
            ("demands", claims => claims["azp"] = "another", null),
            ("another issuer", claims => claims["iss"] = "https://evil.example.com", null),
            ("another issuer", claims => claims["iss"] = claims["iss"] + "/", null),
            ("has expired", claims => claims["exp"] = now - 120, null),
            ("has expired", claims => claims.Remove("exp"), null),
            ("not valid yet", claims => claims["nbf"] = now + 3600, null),
            ("not valid yet", claims => claims["iat"] = now + 3600, null),
            ("demands", claims => claims.Remove("iat"), null),
            ("no subject", claims => claims["sub"] = new string('a', 256), null),
            ("demands", claims => claims.Remove("sub"), null),
            ("signature", _ => { }, claims => ProviderKey.Sign(new JsonObject { ["alg"] = "none" }, claims, _ => [])),
            ("signature", _ => { }, claims => ProviderKey.Sign(new JsonObject { ["alg"] = "none", ["kid"] = "one" }, claims, _ => [1])),
            ("signature", _ => { }, claims => ProviderKey.Sign(new JsonObject { ["alg"] = "HS256", ["kid"] = "one" }, claims, signed => Hmac(signer.PublicPem, signed))),
            ("signature", _ => { }, claims => ProviderKey.Sign(new JsonObject { ["alg"] = "HS256" }, claims, signed => Hmac(OpenIdProvider.ClientSecret, signed))),
            ("signature", _ => { }, claims => other.Sign(claims)), // The right name of a key, and another key.
            ("signature", _ => { }, claims => other.Sign(claims, "nobody's")),
            ("signature", _ => { }, claims => signer.Sign(claims, "two")), // Another key's name.
            ("no signed token", claims => claims["iat"] = "yesterday", null),
            ("demands", claims => claims["at_hash"] = "AAAA", null),
            ("no signed token", _ => { }, _ => "a.b.c"),
            ("no signed token", _ => { }, _ => new string('a', 20_000)),
        ];
        foreach (var (number, (why, bend, sign)) in wrongs.Index())
        {
            (provider.Bend, provider.Sign) = (bend, sign);
            using var browser = new SignInBrowser(desk, $"127.0.1.{number}"); // So that no limit of tries is in the way.
            await RefusedAsync(desk, provider, await browser.SignInAsync(), why);
            Assert.Equal(401, (await browser.GetAsync("/api/session")).Status);
            Assert.Null(new UserStore(desk.Catalog).Find("kai"));
        }
    }

    [Fact]
    public async Task An_answer_of_another_provider_or_without_a_code_is_refused_and_its_words_are_not_repeated()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await SignInTests.OpenAsync(provider);
        using var browser = new SignInBrowser(desk);
        async Task TryAsync(Func<string, string> change, string why)
        {
            var heard = await browser.GetAsync(change(await browser.GoThereAsync()));
            await RefusedAsync(desk, provider, heard, why);
            Assert.DoesNotContain("script", heard.Text, StringComparison.OrdinalIgnoreCase);
        }
        await TryAsync(back => Regex.Replace(back, "&iss=.*", "&iss=https%3A%2F%2Fevil.example.com"), "not of the configured identity provider");
        await TryAsync(back => Regex.Replace(back, "&iss=.*", ""), "not of the configured identity provider");
        await TryAsync(back => Regex.Replace(back, "code=[^&]*", "error=access_denied&error_description=%3Cscript%3E"), "let the person in: access_denied");
        await TryAsync(back => Regex.Replace(back, "code=[^&]*", "error=%3Cscript%3E%0d%0a"), "let the person in: error");
        await TryAsync(back => Regex.Replace(back, "code=[^&]*&", ""), "has no code");
        await TryAsync(back => Regex.Replace(back, "code=[^&]*", "code=" + new string('a', 5000)), "not as OpenID Connect has it");
    }

    [Theory]
    [InlineData("//evil.example.com")]
    [InlineData("/\\evil.example.com")]
    [InlineData("/%09/evil.example.com")]
    [InlineData("https://evil.example.com")]
    [InlineData("javascript:alert(1)")]
    [InlineData("evil")]
    public async Task Nobody_is_led_to_another_site(string path)
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await SignInTests.OpenAsync(provider);
        var heard = await desk.ExpectAsync(400, "GET", "/api/session/oidc?return=" + path.Replace("\\", "%5C", StringComparison.Ordinal));
        Assert.Empty(heard.Cookies);
        Assert.DoesNotContain("evil", heard.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_is_down_answers_nonsense_or_too_much_is_a_problem_that_tells_nothing()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await SignInTests.OpenAsync(provider);
        using var browser = new SignInBrowser(desk);
        (RequestDelegate Answer, string Why)[] answers =
        [
            (context => context.Response.WriteAsync("no JSON"), "no JSON object"),
            (context => context.Response.WriteAsync("[]"), "no JSON object"),
            (context => context.Response.WriteAsync("""{"access_token":"a"}"""), "without a token of the person"),
            (context => context.Response.WriteAsync("""{"access_token":"a","id_token":{"a":[7]}}"""), "without a token of the person"),
            (context => { context.Response.StatusCode = 500; return context.Response.WriteAsync("""{"error":"server_error"}"""); }, "did not exchange the code: server_error"),
            (context => { context.Response.Redirect("http://127.0.0.1:1/"); return Task.CompletedTask; }, "no JSON object"),
            (context => { context.Abort(); return Task.CompletedTask; }, "did not answer"),
            (HugeAsync, "with too much"),
        ];
        foreach (var (answer, why) in answers)
        {
            provider.Token = answer;
            await RefusedAsync(desk, provider, await browser.SignInAsync(), why, 502, "LARDER-119");
        }
        provider.Token = null;
        SignInBrowser.LeadsTo(await browser.SignInAsync());
    }

    [Fact]
    public async Task A_provider_that_takes_for_ever_is_not_waited_for()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await SignInTests.OpenAsync(provider);
        using var browser = new SignInBrowser(desk);
        provider.Token = async context =>
        {
            var gone = new TaskCompletionSource();
            await using var heard = context.RequestAborted.Register(gone.SetResult); // Larder hangs up; nobody else ends this.
            await gone.Task;
        };
        var began = TimeProvider.System.GetTimestamp();
        await RefusedAsync(desk, provider, await browser.SignInAsync(), "not in time", 502, "LARDER-119");
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 5, 40);
    }

    [Fact]
    public async Task A_provider_that_does_not_describe_itself_as_it_should_is_not_believed()
    {
        (Action<JsonObject> Describe, string Why)[] wrongs =
        [
            (document => document["issuer"] = "https://evil.example.com", "names another issuer"),
            (document => document["authorization_endpoint"] = "http://id.example.com/authorize", "no authorization endpoint with https"),
            (document => document.Remove("token_endpoint"), "no token endpoint with https"),
            (document => document["jwks_uri"] = "http://id.example.com/keys", "does not describe itself"),
            (document => document["jwks_uri"] = "file:///etc/passwd", "does not describe itself"),
            (document => document["padding"] = new string('a', 400_000), "does not describe itself"),
        ];
        foreach (var (describe, why) in wrongs)
        {
            await using var provider = await OpenIdProvider.StartAsync();
            provider.Describe = describe;
            await using var desk = await SignInTests.OpenAsync(provider);
            var heard = await desk.ExpectAsync(502, "GET", "/api/session/oidc");
            Assert.Contains(why, heard.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
            Assert.Empty(heard.Cookies);
            Assert.DoesNotContain("Exception", heard.Text, StringComparison.Ordinal);

            provider.Describe = _ => { }; // It was a slip, and is mended.
            await desk.ExpectAsync(302, "GET", "/api/session/oidc");
        }
    }

    [Fact]
    public async Task Tries_are_counted_as_those_of_passwords_are()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var desk = await SignInTests.OpenAsync(provider);
        var answers = new List<int>();
        for (var one = 0; one < 40; one++)
        {
            answers.Add((await desk.SendAsync("GET", "/api/session/oidc/callback?code=a&state=b")).Status);
        }
        Assert.Equal(403, answers[0]);
        Assert.Equal(429, answers[^1]);
        Assert.InRange(desk.Audit.Page(1, 0, null, "session.oidc.callback").Total, 10, 39);
    }

    [Fact]
    public async Task Without_a_provider_there_is_nothing_under_the_address()
    {
        await using var desk = await ApiDesk.OpenAsync();
        Assert.Equal("LARDER-116", (await desk.ExpectAsync(404, "GET", "/api/session/oidc")).Code);
        Assert.Equal("LARDER-116", (await desk.ExpectAsync(404, "GET", "/api/session/oidc/callback?code=a&state=b")).Code);
    }

    private static async Task HugeAsync(HttpContext context)
    {
        try
        {
            for (var megabyte = 0; megabyte < 64; megabyte++)
            {
                await context.Response.Body.WriteAsync(new byte[1 << 20], context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // It was cut off.
        }
    }

    private static Task RefusedAsync(
        ApiDesk desk, OpenIdProvider provider, Heard heard, string why, int status = 403, string code = "LARDER-118") =>
        SignInTests.RefusedAsync(desk, provider, heard, why, status, code);
}
