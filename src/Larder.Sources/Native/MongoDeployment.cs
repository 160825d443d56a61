using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Sources.Native;

/// <summary>How to talk to a server, besides what its URL says.</summary>
internal sealed record MongoDeploymentOptions
{
    /// <summary>
    /// <c>primary</c>, <c>primaryPreferred</c>, <c>secondary</c>, <c>secondaryPreferred</c> or <c>nearest</c>; null is what the URL says,
    /// or the primary.
    /// </summary>
    public string? ReadPreference { get; init; }

    /// <summary>How long one answer may take; zero for ever. Null is what the URL says, or five minutes.</summary>
    public TimeSpan? AnswerTimeout { get; init; }

    /// <summary>How long to look for a server that fits, where the URL says nothing.</summary>
    public TimeSpan ServerSelectionTimeout { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>
/// One deployment of servers, by its URL, and how to connect to it. Safe for concurrent use. Connections that are open outlive it.
/// </summary>
internal sealed class MongoDeployment : IDisposable
{
    private static readonly Lazy<string> Driver = new(Load);

    private readonly Mongoc.UriHandle uri;
    private readonly IReadOnlyList<string> secrets;

    private MongoDeployment(Mongoc.UriHandle uri, Mongoc.ReadPreferenceHandle preference, IReadOnlyList<string> secrets)
    {
        this.uri = uri;
        ReadPreference = preference;
        this.secrets = secrets;
    }

    /// <summary>The version of the driver, such as <c>1.23.1</c>. Fails with <see cref="DllNotFoundException"/>.</summary>
    public static string DriverVersion => Driver.Value;

    /// <summary>Where the URL points: <c>host:port</c>, several with commas, or the name of a service record. No secret.</summary>
    public required string Hosts { get; init; }

    /// <summary>The database that the URL names.</summary>
    public string? Database { get; init; }

    internal Mongoc.ReadPreferenceHandle ReadPreference { get; }

    /// <summary>
    /// Reads the URL; nothing is asked of anybody yet. Fails with <see cref="MongoException"/>, and with <see cref="ArgumentException"/>
    /// for an unknown read preference.
    /// </summary>
    public static unsafe MongoDeployment Open(string url, MongoDeploymentOptions options)
    {
        _ = DriverVersion;
        Span<byte> error = stackalloc byte[Mongoc.ErrorBytes];
        error.Clear();
        fixed (byte* failure = error)
        {
            var uri = Mongoc.ParseUri(url, failure);
            if (uri.IsInvalid)
            {
                uri.Dispose();
                throw Describe(error, default, SecretsOf(url, null));
            }
            try
            {
                SetTimeouts(uri, options);
                return new MongoDeployment(
                    uri,
                    PreferenceOf(uri, options.ReadPreference),
                    SecretsOf(url, Marshal.PtrToStringUTF8(Mongoc.UriPassword(uri))))
                {
                    Hosts = HostsOf(uri),
                    Database = Marshal.PtrToStringUTF8(Mongoc.UriDatabase(uri)),
                };
            }
            catch
            {
                uri.Dispose();
                throw;
            }
        }
    }

    /// <summary>
    /// A connection with a thread and a session of its own, to a server that fits the read preference (or to the primary).
    /// Fails with <see cref="MongoException"/>.
    /// </summary>
    public Task<MongoConnection> ConnectAsync(CancellationToken cancellationToken) =>
        MongoConnection.OpenAsync(this, null, cancellationToken);

    /// <summary>Another connection to the server of one that is open.</summary>
    public Task<MongoConnection> ConnectAsync(MongoConnection sibling, CancellationToken cancellationToken) =>
        MongoConnection.OpenAsync(this, sibling.Host, cancellationToken);

    /// <summary>A client for one thread, which the caller closes. Fails with <see cref="MongoException"/>.</summary>
    internal unsafe Mongoc.ClientHandle NewClient()
    {
        Span<byte> error = stackalloc byte[Mongoc.ErrorBytes];
        error.Clear();
        fixed (byte* failure = error)
        {
            var client = new Mongoc.ClientHandle(uri, ReadPreference, failure);
            if (!client.IsInvalid)
            {
                return client;
            }
            client.Dispose();
            throw Describe(error, default);
        }
    }

    /// <summary>Makes an exception of a <c>bson_error_t</c>, with passwords masked.</summary>
    internal MongoException Describe(ReadOnlySpan<byte> error, ReadOnlyMemory<byte> reply) => Describe(error, reply, secrets);

    public void Dispose()
    {
        uri.Dispose();
        ReadPreference.Dispose();
    }

    private static string Load()
    {
        Mongoc.Initialize();
        Mongoc.SetLogHandler(0, 0); // What matters is in the errors.
        return Marshal.PtrToStringUTF8(Mongoc.Version()) ?? "";
    }

    private static void SetTimeouts(Mongoc.UriHandle uri, MongoDeploymentOptions options)
    {
        const string selection = "serverselectiontimeoutms";
        Mongoc.SetUriFlag(uri, "serverselectiontryonce", false); // One look would miss a primary that is being elected.
        if (Mongoc.UriInt32(uri, selection, -1) < 0)
        {
            Mongoc.SetUriInt32(uri, selection, (int)options.ServerSelectionTimeout.TotalMilliseconds);
        }
        if (options.AnswerTimeout is { } answer)
        {
            Mongoc.SetUriInt32(uri, "sockettimeoutms", (int)Math.Min(answer.TotalMilliseconds, int.MaxValue));
        }
    }

    private static Mongoc.ReadPreferenceHandle PreferenceOf(Mongoc.UriHandle uri, string? wanted) =>
        wanted?.ToLowerInvariant() switch
        {
            null or "" => Mongoc.CopyReadPreference(Mongoc.UriReadPreference(uri)),
            "primary" => Mongoc.NewReadPreference(Mongoc.ReadPrimary),
            "primarypreferred" => Mongoc.NewReadPreference(Mongoc.ReadPrimaryPreferred),
            "secondary" => Mongoc.NewReadPreference(Mongoc.ReadSecondary),
            "secondarypreferred" => Mongoc.NewReadPreference(Mongoc.ReadSecondaryPreferred),
            "nearest" => Mongoc.NewReadPreference(Mongoc.ReadNearest),
            _ => throw new ArgumentException($"The read preference \"{wanted}\" is not known.", nameof(wanted)),
        };

    private static string HostsOf(Mongoc.UriHandle uri)
    {
        if (Marshal.PtrToStringUTF8(Mongoc.UriServiceHost(uri)) is { } service)
        {
            return service;
        }
        var hosts = new List<string>();
        for (var host = Mongoc.UriHosts(uri); host != 0; host = Marshal.ReadIntPtr(host))
        {
            hosts.Add(HostAndPort(host));
        }
        return string.Join(',', hosts);
    }

    /// <summary>The <c>host:port</c> of a <c>mongoc_host_list_t</c>, which begins with a pointer and the host in 256 bytes.</summary>
    internal static string HostAndPort(nint host) => Marshal.PtrToStringUTF8(host + nint.Size + 256) ?? "";

    private static MongoException Describe(ReadOnlySpan<byte> error, ReadOnlyMemory<byte> reply, IReadOnlyList<string> secrets)
    {
        var text = error[Mongoc.ErrorMessageOffset..];
        var end = text.IndexOf((byte)0);
        var message = Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
        foreach (var secret in secrets)
        {
            message = message.Replace(secret, "***", StringComparison.Ordinal);
        }
        return new MongoException((MongoErrorDomain)BitConverter.ToInt32(error), BitConverter.ToInt32(error[4..]), message, reply);
    }

    // The password as it is, and as it stands in the URL. What the driver cannot parse is masked from the scheme to the last @.
    private static List<string> SecretsOf(string url, string? password)
    {
        var secrets = new List<string>();
        if (!string.IsNullOrEmpty(password))
        {
            secrets.Add(password);
        }
        var start = url.IndexOf("://", StringComparison.Ordinal);
        var at = url.LastIndexOf('@');
        if (start >= 0 && at > start)
        {
            var account = url[(start + 3)..at];
            secrets.Add(account);
            var colon = account.IndexOf(':', StringComparison.Ordinal);
            if (colon >= 0 && colon + 1 < account.Length)
            {
                secrets.Add(account[(colon + 1)..]);
            }
        }
        return secrets;
    }
}
