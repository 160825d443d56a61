using System.Net;

namespace Larder.Engine.Configuration;

/// <summary>Who is told what.</summary>
public sealed record AlertSettings
{
    public required AlertChannel Channel { get; init; }

    /// <summary>Names of events; empty for everything that is not well, and for what is well again.</summary>
    public IReadOnlyList<string> On { get; init; } = [];

    /// <summary>Names of jobs; empty for all of them, and for what concerns no one job.</summary>
    public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <summary>Networks that may be called although they are not public.</summary>
    public IReadOnlyList<IPNetwork> Allow { get; init; } = [];

    /// <summary>How long the same thing is not told again.</summary>
    public required TimeSpan Cooldown { get; init; }
}

/// <summary>A way to tell people.</summary>
public abstract record AlertChannel
{
    private protected AlertChannel()
    {
    }
}

public sealed record EmailChannel : AlertChannel
{
    public required IReadOnlyList<string> To { get; init; }

    public string? From { get; init; }

    public required string Server { get; init; }

    /// <summary>Null: 465 for tls, 587 for starttls or where there is a user, else 25.</summary>
    public int? Port { get; init; }

    public string? User { get; init; }

    public Secret? Password { get; init; }

    /// <summary><c>auto</c>, <c>starttls</c>, <c>tls</c> or <c>none</c>.</summary>
    public required string Security { get; init; }

    /// <summary>Certificates of the authorities that the server is believed by; null for those of the system.</summary>
    public string? CaFile { get; init; }
}

/// <param name="Kind"><c>webhook</c>, <c>slack</c>, <c>discord</c>, <c>teams</c> or <c>healthchecks</c>.</param>
/// <param name="Url">The address, which is itself a secret.</param>
/// <param name="SigningSecret">What a <c>webhook</c> is signed with; null for no signature.</param>
public sealed record WebhookChannel(string Kind, Secret Url, Secret? SigningSecret = null) : AlertChannel;

public sealed record TelegramChannel(Secret Token, string Chat) : AlertChannel;

public sealed record NtfyChannel(string Url, string Topic, Secret? Token) : AlertChannel;

public sealed record GotifyChannel(string Url, Secret Token) : AlertChannel;
