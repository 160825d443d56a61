using System.Buffers.Text;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Larder.Auth;
using Larder.Engine.Access;

namespace Larder.Tests.Api;

/// <summary>What strangers and slips try, and what becomes of it.</summary>
public sealed class RefusalTests
{
    private const string SharedKey = "a shared key of thirty-two bytes and more";

    [Fact]
    public async Task A_signed_token_counts_only_if_everything_in_it_is_right()
    {
        using var rsa = RSA.Create(2048);
        await using var desk = await ApiDesk.OpenAsync(
            $$"""
            access:
              jwt:
                - { issuer: temple, audience: larder, key: "{{SharedKey}}" }
                - { issuer: "https://id.example.com", audience: larder, jwks: {0}/jwks.json, name_claim: email, role_claim: group, roles: { dba: admin, boss: owner } }
            """);
        await File.WriteAllTextAsync(desk.Desk["jwks.json"], Keys(rsa));
        var now = DateTimeOffset.UnixEpoch.AddSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        string Claims(string issuer = "temple", string audience = "\"larder\"", double lasts = 300, string role = "1", string more = "") =>
            $$"""{"iss":"{{issuer}}","aud":{{audience}},"exp":{{now.AddSeconds(lasts).ToUnixTimeSeconds()}},"sub":"priya","role_id":{{role}}{{more}}}""";
        string Outside(string group = "dba") =>
            $$"""{"iss":"https://id.example.com","aud":["other","larder"],"exp":{{now.AddMinutes(5).ToUnixTimeSeconds()}},"email":"kai@example.com","group":"{{group}}"}""";

        foreach (var good in new[] { Shared(Claims()), Shared(Claims(role: "0")), Shared(Claims(role: "\"1\"")), ByKey(rsa, Outside()), ByKey(rsa, Outside(), "PS256") })
        {
            Assert.Equal("admin", (await desk.ExpectAsync(200, "GET", "/api/session", good)).Json.GetProperty("role").GetString());
        }
        Assert.Equal("owner", (await desk.ExpectAsync(200, "GET", "/api/session", ByKey(rsa, Outside("boss")))).Json.GetProperty("role").GetString());
        Assert.Equal("priya", (await desk.ExpectAsync(200, "GET", "/api/session", Shared(Claims()))).Json.GetProperty("name").GetString());

        using var other = RSA.Create(2048);
        var parts = Shared(Claims()).Split('.');
        string[] bad =
        [
            Shared(Claims(lasts: -120)), // Expired.
            Shared(Claims(more: ",\"nbf\":" + now.AddHours(1).ToUnixTimeSeconds())),
            Shared(Claims(issuer: "elsewhere")),
            Shared(Claims(audience: "\"somebody\"")),
            Shared(Claims(role: "2")), // Not an administrator there, nobody here.
            Shared(Claims(role: "-1")),
            Shared("""{"iss":"temple","aud":"larder","sub":"priya","role_id":1}"""), // For ever.
            Shared(Claims(), key: SharedKey + "!"),
            $"{parts[0]}.{Part(Claims(role: "0"))}.{parts[2]}", // Changed afterwards.
            $"{Part("""{"alg":"none"}""")}.{Part(Claims())}.",
            $"{Part("""{"alg":"none"}""")}.{Part(Claims())}.{parts[2]}",
            Shared(Outside(), "HS256", rsa.ExportSubjectPublicKeyInfoPem()), // The public key taken for a shared one.
            ByKey(other, Outside()),
            ByKey(rsa, Outside("guests")),
            Shared(Claims(), header: """{"alg":"HS256","crit":["exp"]}"""),
            "a.b.c",
            "....",
        ];
        var caughtUp = 0;
        foreach (var token in bad)
        {
            var heard = await desk.SendAsync("GET", "/api/session", token);
            Assert.True(heard.Status == 401 && heard.Code == "LARDER-107", $"{token}: {heard.Status} {heard.Text}");
            Assert.DoesNotContain("signature", heard.Text, StringComparison.OrdinalIgnoreCase); // Why is told to the log alone.
            caughtUp++;
        }
        Assert.Equal(caughtUp, desk.Audit.Page(1000, 0, null, "authentication").Total);
    }

    [Fact]
    public async Task Guessing_tokens_is_refused_and_written_down_but_fills_no_disk_and_locks_nobody_out()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var real = desk.TokenOf(Role.Owner);
        var answers = new List<int>();
        for (var guess = 0; guess < 60; guess++)
        {
            answers.Add((await desk.SendAsync("GET", "/api/jobs", $"larder_{guess:D43}")).Status);
        }
        Assert.Equal(401, answers[0]);
        Assert.Contains(429, answers);
        Assert.DoesNotContain(answers, status => status is not (401 or 429));
        Assert.InRange(desk.Audit.Page(1, 0, null, "authentication").Total, 5, 60);
        await desk.ExpectAsync(200, "GET", "/api/jobs", real);
    }

    [Fact]
    public void A_network_of_IPv6_counts_as_one_address_and_IPv4_within_it_does_not()
    {
        using var limits = new RequestLimits();
        var taken = Enumerable.Range(0, 60).Count(one => limits.TakesGuess($"2001:db8:0:1::{one:x}"));
        Assert.InRange(taken, 20, 25);
        Assert.True(limits.TakesGuess("2001:db8:0:2::1"));
        Assert.Equal(60, Enumerable.Range(0, 60).Count(one => limits.TakesGuess($"::ffff:10.0.0.{one}")));
        Assert.InRange(Enumerable.Range(0, 60).Count(_ => limits.TakesGuess("10.0.0.200")), 20, 25);
    }

    [Fact]
    public async Task A_password_is_guessed_five_times_and_then_the_right_one_is_not_taken_either()
    {
        await using var desk = await ApiDesk.OpenAsync();
        desk.TokenOf(Role.Admin);
        string Login(string name, string password) => $$"""{"name":"{{name}}","password":"{{password}}"}""";
        var unknown = await desk.SendAsync("POST", "/api/session", null, Login("nobody", ApiDesk.Passphrase));
        for (var guess = 0; guess < 5; guess++)
        {
            var heard = await desk.ExpectAsync(401, "POST", "/api/session", null, Login("admin", $"wrong password {guess}"));
            Assert.Equal(unknown.Json.GetProperty("detail").GetString(), heard.Json.GetProperty("detail").GetString());
        }
        Assert.Equal("LARDER-108", (await desk.ExpectAsync(401, "POST", "/api/session", null, Login("admin", ApiDesk.Passphrase))).Code);
        Assert.NotNull(new UserStore(desk.Catalog).Get("admin").LockedUntil);

        // Whose password was guessed is noted; what is nobody's name may be a password, and is not.
        var noted = desk.Audit.Page(10, 0, null, "session.login").Entries.Select(entry => entry.What.Target);
        Assert.Equal([.. Enumerable.Repeat("admin", 6), "/api/session"], noted);
    }

    [Fact]
    public async Task A_change_with_a_cookie_needs_the_proof_that_our_own_page_sent_it()
    {
        await using var desk = await ApiDesk.OpenAsync();
        desk.TokenOf(Role.Owner);
        var login = await desk.ExpectAsync(200, "POST", "/api/session", null, $$"""{"name":"owner","password":"{{ApiDesk.Passphrase}}"}""");
        (string, string) cookie = ("Cookie", login.Cookies[0].Split(';')[0]);
        var proof = login.Json.GetProperty("csrf_token").GetString()!;

        await desk.ExpectAsync(200, "GET", "/api/jobs", null, null, cookie);
        Assert.Equal("LARDER-110", (await desk.ExpectAsync(403, "POST", "/api/backups", null, "{}", cookie)).Code);
        Assert.Equal("LARDER-110", (await desk.ExpectAsync(403, "POST", "/api/backups", null, "{}", cookie, ("X-CSRF-Token", "x" + proof[1..]))).Code);
        Assert.Equal(
            "LARDER-110",
            (await desk.ExpectAsync(403, "POST", "/api/backups", null, "{}", cookie, ("X-CSRF-Token", proof), ("Sec-Fetch-Site", "cross-site"))).Code);
        Assert.Equal(
            "LARDER-110",
            (await desk.ExpectAsync(403, "POST", "/api/session", null, $$"""{"name":"owner","password":"{{ApiDesk.Passphrase}}"}""", ("Sec-Fetch-Site", "cross-site"))).Code);
        await desk.ExpectAsync(204, "DELETE", "/api/session", null, null, cookie, ("X-CSRF-Token", proof));
        await desk.ExpectAsync(401, "GET", "/api/jobs", null, null, cookie); // The old cookie is worth nothing.
    }

    [Theory]
    [InlineData("/api/backups/..%2f..%2fetc%2fpasswd")]
    [InlineData("/api/backups/..%252f..%252fetc")]
    [InlineData("/api/backups/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/backups/..%5c..%5cwindows")]
    [InlineData("/backups/journal_backup_20240101_000000.sql.gz%00.txt")]
    [InlineData("/api/backups/latest%0d%0aSet-Cookie:%20a=b")]
    [InlineData("/api/runs/..%2f..%2fetc/events")]
    [InlineData("/api/users/%0aforged")]
    [InlineData("/api/backups/latest/files?path=..%2f..%2f..%2fetc")]
    [InlineData("/api/backups/latest/download?entry=..%2f..%2fetc%2fpasswd")]
    [InlineData("/api/backups/latest/collections/..%2f..%2fetc%2fpasswd")]
    [InlineData("/api/jobs/..")]
    public async Task A_trick_with_a_path_finds_nothing(string path)
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Owner);
        await desk.RunAsync("POST", "/api/backups", token, "{}");

        var answer = await RawAsync(desk, $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");

        Assert.Matches(@"^HTTP/1\.1 (400|404) ", answer);
        Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nSet-Cookie", answer, StringComparison.OrdinalIgnoreCase);
        Assert.All(desk.Audit.Page(100, 0).Entries, entry => Assert.DoesNotContain('\n', entry.What.Target + entry.What.Details));
    }

    [Fact]
    public async Task What_is_too_large_or_no_request_is_refused_before_it_is_read()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Owner);

        var large = await desk.SendAsync("POST", "/api/backups", token, $$"""{"description":"{{new string('a', 2 << 20)}}"}""");
        Assert.Equal((413, "LARDER-117"), (large.Status, large.Code));
        var noted = desk.Audit.Page(1, 0, null, "backup.create").Entries[0].What;
        Assert.Equal((AuditOutcome.Refused, "LARDER-117"), (noted.Outcome, noted.Details));
        Assert.StartsWith(
            "HTTP/1.1 431", await RawAsync(desk, $"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: {new string('a', 40_000)}\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await RawAsync(desk, "GET /healthz HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith(
            "HTTP/1.1 400", await RawAsync(desk, "GET /healthz HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal(400, (await desk.SendAsync("POST", "/api/backups", token, """{"job":"journal","delete":true}""")).Status);
        Assert.Equal(400, (await desk.SendAsync("POST", "/api/backups", token, "not json")).Status);
        Assert.Equal(400, (await desk.SendAsync("GET", "/api/runs?limit=1000000", token)).Status);
        Assert.Equal(400, (await desk.SendAsync("GET", "/api/runs?limit=1&limit=2", token)).Status);
        Assert.Equal(404, (await desk.SendAsync("PATCH", "/api/backups", token, "{}")).Status);
        Assert.Equal(404, (await desk.SendAsync("GET", "/api/nothing", token)).Status);
    }

    [Fact]
    public async Task Who_connects_and_says_nothing_keeps_nobody_else_from_being_answered()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Viewer);
        var silent = new List<TcpClient>();
        try
        {
            for (var one = 0; one < 100; one++)
            {
                var client = new TcpClient();
                await client.ConnectAsync(desk.Address.Host, desk.Address.Port);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /healthz HTTP/1.1\r\nHost: 127"));
                silent.Add(client);
            }
            await desk.ExpectAsync(200, "GET", "/api/jobs", token);
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task An_answer_tells_browsers_to_trust_nothing_else_and_an_error_tells_nothing_of_the_inside()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var token = desk.TokenOf(Role.Owner);
        foreach (var heard in new[]
        {
            await desk.SendAsync("GET", "/api/docs"), await desk.SendAsync("GET", "/api/jobs"), await desk.SendAsync("GET", "/api/jobs", token),
        })
        {
            Assert.Contains("default-src 'none'", heard.Headers["Content-Security-Policy"], StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", heard.Headers["Content-Security-Policy"], StringComparison.Ordinal);
            Assert.Equal("nosniff", heard.Headers["X-Content-Type-Options"]);
            Assert.Equal("DENY", heard.Headers["X-Frame-Options"]);
            Assert.False(heard.Headers.ContainsKey("Server"));
        }
        Directory.Delete(desk.Desk["repository/snapshots"], recursive: true);
        Directory.Delete(desk.Desk["second/snapshots"], recursive: true);
        var failed = await desk.SendAsync("GET", "/api/backups", token);
        Assert.InRange(failed.Status, 200, 599);
        Assert.DoesNotContain("   at ", failed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", failed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Larder.Tests.Cli.Desk.Password, failed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_names_a_user_only_where_a_configured_proxy_sends_it()
    {
        const string header = "access: { user_header: X-Remote-User }\n";
        (string, string) user = ("X-Remote-User", "admin");
        await using (var open = await ApiDesk.OpenAsync(header))
        {
            open.TokenOf(Role.Admin);
            await open.ExpectAsync(401, "GET", "/api/jobs", null, null, user);
        }
        await using var desk = await ApiDesk.OpenAsync(header + "http: { proxies: [127.0.0.1] }");
        desk.TokenOf(Role.Admin);
        var heard = await desk.ExpectAsync(200, "GET", "/api/session", null, null, user);
        Assert.Equal(("proxy", "admin"), (heard.Json.GetProperty("way").GetString(), heard.Json.GetProperty("role").GetString()));
        await desk.ExpectAsync(401, "GET", "/api/jobs", null, null, ("X-Remote-User", "stranger"));
        Assert.Equal("LARDER-110", (await desk.ExpectAsync(403, "POST", "/api/verify", null, "{}", user)).Code);
        (string, string) proof = ("X-CSRF-Token", heard.Json.GetProperty("csrf_token").GetString()!);
        await desk.ExpectAsync(202, "POST", "/api/verify", null, "{}", user, proof);
    }

    private static async Task<string> RawAsync(ApiDesk desk, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(desk.Address.Host, desk.Address.Port);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return await reader.ReadToEndAsync();
        }
        catch (IOException)
        {
            return "HTTP/1.1 431 "; // It was cut off in the midst of what it sent.
        }
    }

    private static string Shared(string claims, string algorithm = "HS256", string key = SharedKey, string? header = null)
    {
        var signed = $"{Part(header ?? $$"""{"alg":"{{algorithm}}","typ":"JWT"}""")}.{Part(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string ByKey(RSA key, string claims, string algorithm = "RS256")
    {
        var signed = $"{Part($$"""{"alg":"{{algorithm}}","kid":"one"}""")}.{Part(claims)}";
        var padding = algorithm == "PS256" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, padding))}";
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static string Keys(RSA key)
    {
        var parts = key.ExportParameters(includePrivateParameters: false);
        return $$"""
            {"keys":[{"kty":"RSA","use":"sig","kid":"one","n":"{{Base64Url.EncodeToString(parts.Modulus)}}","e":"{{Base64Url.EncodeToString(parts.Exponent)}}"}]}
            """;
    }
}
