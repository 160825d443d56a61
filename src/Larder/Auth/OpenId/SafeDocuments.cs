using Microsoft.IdentityModel.Protocols;

namespace Larder.Auth.OpenId;

/// <summary>Fetches what a provider says of itself: by https, or within the machine; bounded by what the client takes.</summary>
internal sealed class SafeDocuments(HttpClient client) : IDocumentRetriever
{
    public static bool IsSafe(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));

    public async Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        if (!IsSafe(address))
        {
            throw new IOException("The address is not one with https.");
        }
        using var response = await client.GetAsync(new Uri(address), cancel);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(cancel);
    }
}
