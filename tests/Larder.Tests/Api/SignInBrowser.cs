using System.Net;
using System.Text.RegularExpressions;

namespace Larder.Tests.Api;

/// <summary>A browser as far as signing in needs one: it keeps cookies, and goes where it is sent, step by step.</summary>
internal sealed partial class SignInBrowser : IDisposable
{
    private readonly HttpClient client;

    /// <param name="desk">Where it goes.</param>
    /// <param name="from">The address that it comes from, where the desk believes its proxy.</param>
    public SignInBrowser(ApiDesk desk, string? from = null)
    {
        Cookies = new CookieContainer();
        client = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false }) { BaseAddress = desk.Address };
        if (from is not null)
        {
            client.DefaultRequestHeaders.Add("X-Forwarded-For", from);
        }
    }

    public CookieContainer Cookies { get; }

    public async Task<Heard> GetAsync(string address)
    {
        using var response = await client.GetAsync(new Uri(address, UriKind.RelativeOrAbsolute));
        return await Heard.OfAsync(response);
    }

    public async Task<Heard> PostAsync(string address, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri(address, UriKind.Relative), content);
        return await Heard.OfAsync(response);
    }

    /// <summary>Begins, logs in at the provider, and gives the address that the provider sends the browser back to.</summary>
    public async Task<string> GoThereAsync(string query = "")
    {
        var begun = await GetAsync("/api/session/oidc" + query);
        Assert.True(begun.Status == 302, begun.Text);
        var there = await GetAsync(begun.Headers["Location"]);
        Assert.True(there.Status == 302, there.Text);
        return there.Headers["Location"];
    }

    /// <summary>The whole way; what the callback answered.</summary>
    public async Task<Heard> SignInAsync(string query = "") => await GetAsync(await GoThereAsync(query));

    /// <summary>Where the page after a sign-in leads.</summary>
    public static string LeadsTo(Heard page)
    {
        Assert.True(page.Status == 200, page.Text);
        return WebUtility.HtmlDecode(Refresh().Match(page.Text).Groups[1].Value);
    }

    public void Dispose() => client.Dispose();

    [GeneratedRegex("http-equiv=\"refresh\" content=\"0;url=([^\"]*)\"")]
    private static partial Regex Refresh();
}
