using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Larder.Daemon;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Tests.Cli;

namespace Larder.Tests.Api;

/// <summary>A desk with the service running on a free port of this machine, and a client that talks to it.</summary>
internal sealed class ApiDesk : IAsyncDisposable
{
    public const string Passphrase = "seven quiet otters swim";

    private readonly DaemonHost host;
    private readonly HttpClient client;

    private ApiDesk(Desk desk, DaemonHost host, CatalogDatabase catalog)
    {
        (Desk, this.host, Catalog) = (desk, host, catalog);
        client = NewClient();
    }

    /// <summary>Of whom the certificate was that the service showed last; null without HTTPS.</summary>
    public string? Certificate { get; private set; }

    /// <summary>Another client, with connections of its own.</summary>
    public HttpClient NewClient()
    {
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 200 };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            Certificate = certificate?.Subject;
            return certificate is not null; // Signed by itself, for this test.
        };
        return new HttpClient(handler) { BaseAddress = new Uri(host.Addresses[0]), Timeout = TimeSpan.FromMinutes(2) };
    }

    public Desk Desk { get; }

    /// <summary>The service's catalog, as another process has it open.</summary>
    public CatalogDatabase Catalog { get; }

    public Uri Address => client.BaseAddress!;

    public string? OwnerLink => host.OwnerLink;

    public AuditLog Audit => new(Catalog);

    /// <summary>As SIGHUP does.</summary>
    public void Reload() => host.Reload("the test asks");

    /// <param name="more">Appended to the usual configuration.</param>
    /// <param name="configuration">Instead of the usual configuration.</param>
    /// <param name="prepare">Done to the desk before the service starts.</param>
    public static async Task<ApiDesk> OpenAsync(string more = "", string? configuration = null, Action<Desk>? prepare = null)
    {
        var desk = await Desk.LaidAsync((configuration ?? Desk.Usual) + "\n" + more);
        prepare?.Invoke(desk);
        await desk.InitAsync();
        var environment = new ConfigurationEnvironment
        {
            Variables = new Dictionary<string, string>(desk.Variables),
            WorkingDirectory = desk["."],
            SystemFile = desk["none.yaml"],
        };
        ConfigurationResult Read() => ConfigurationLoader.Load(desk["larder.yaml"], environment);
        var first = Read();
        Assert.Empty(first.Problems);
        var host = await DaemonHost.StartAsync(
            first.Configuration!, Read, [new IPEndPoint(IPAddress.Loopback, 0)], TimeProvider.System, CancellationToken.None);
        return new ApiDesk(desk, host, CatalogDatabase.Open(first.Configuration!.CatalogPath, TimeProvider.System, _ => { }));
    }

    /// <summary>A token of a user of this role, who is made where there is none.</summary>
    public string TokenOf(Role role, IReadOnlyList<Scope>? scopes = null, IReadOnlyList<string>? jobs = null)
    {
        var name = AccessWords.Of(role);
        if (new UserStore(Catalog).Find(name) is null)
        {
            new UserStore(Catalog).Add(name, role, Passphrase);
        }
        return new TokenStore(Catalog).Create(new NewToken
        {
            User = name,
            Name = "test",
            Scopes = scopes ?? Enum.GetValues<Scope>(),
            Jobs = jobs,
        }).Secret;
    }

    public async Task<Heard> SendAsync(
        string method, string path, string? token = null, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value), name);
        }
        using var response = await client.SendAsync(request);
        return await Heard.OfAsync(response);
    }

    public async Task<Heard> ExpectAsync(
        int status, string method, string path, string? token = null, string? body = null, params (string Name, string Value)[] headers)
    {
        var heard = await SendAsync(method, path, token, body, headers);
        Assert.True(heard.Status == status, $"{method} {path} answered {heard.Status}, not {status}: {heard.Text}");
        return heard;
    }

    /// <summary>Follows a run to its end by its events.</summary>
    /// <returns>Their names and their documents, in order.</returns>
    public async Task<IReadOnlyList<(string Name, JsonElement Data)>> FollowAsync(string run, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{run}/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var (events, name) = (new List<(string, JsonElement)>(), "");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                events.Add((name, JsonDocument.Parse(line[6..]).RootElement.Clone()));
            }
        }
        return events;
    }

    /// <summary>Begins a run, follows it and gives what it made; fails unless it ended well.</summary>
    public async Task<JsonElement> RunAsync(string method, string path, string token, string body)
    {
        var begun = await ExpectAsync(202, method, path, token, body);
        var end = (await FollowAsync(begun.Json.GetProperty("id").GetString()!, token))[^1];
        Assert.Equal("run", end.Name);
        Assert.True(end.Data.GetProperty("status").GetString() == "success", end.Data.ToString());
        return end.Data.GetProperty("report");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await host.StopAsync();
        await host.DisposeAsync();
        Catalog.Dispose();
        await Desk.DisposeAsync();
    }
}

/// <summary>An answer, read whole.</summary>
internal sealed record Heard(int Status, string Text, IReadOnlyDictionary<string, string> Headers, IReadOnlyList<string> Cookies, byte[] Bytes)
{
    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Text);
            return document.RootElement.Clone();
        }
    }

    public string? Code => Status >= 400 && Text.Length > 0 ? Json.GetProperty("code").GetString() : null;

    public static async Task<Heard> OfAsync(HttpResponseMessage response)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        var cookies = response.Headers.TryGetValues("Set-Cookie", out var set) ? set.ToList() : [];
        return new Heard((int)response.StatusCode, Encoding.UTF8.GetString(bytes), headers, cookies, bytes);
    }
}
