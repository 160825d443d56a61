namespace Larder.Engine.Maintenance;

/// <summary>The passwords of a repository.</summary>
public sealed record KeyReport
{
    public required string Repository { get; init; }

    /// <summary>Oldest first, as they are now.</summary>
    public required IReadOnlyList<KeyLine> Keys { get; init; }

    /// <summary>The short id of the key that was added, or null.</summary>
    public string? Added { get; init; }

    /// <summary>The short id of the key that was removed, or null.</summary>
    public string? Removed { get; init; }

    public string ToJson() => MaintenanceJson.Write(this);
}

/// <summary>One password.</summary>
/// <param name="Current">Whether it is the one that opened the repository now.</param>
public sealed record KeyLine(string Id, string ShortId, string Username, string Hostname, DateTimeOffset CreatedAt, bool Current);
