namespace Larder.Engine.Access;

/// <summary>A token of a user's, for a program. The secret itself is shown once, when it is made.</summary>
public sealed record ApiToken
{
    /// <summary>16 hex digits.</summary>
    public required string Id { get; init; }

    public required string User { get; init; }

    /// <summary>What it is for, in the user's words.</summary>
    public required string Name { get; init; }

    public required IReadOnlyList<Scope> Scopes { get; init; }

    /// <summary>The only jobs that it may be used for; null for all.</summary>
    public IReadOnlyList<string>? Jobs { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null: it does not expire.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>To the minute.</summary>
    public DateTimeOffset? UsedAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    public bool IsUsable(DateTimeOffset now) => RevokedAt is null && (ExpiresAt is not { } end || end > now);
}

/// <summary>What a new token is to be.</summary>
public sealed record NewToken
{
    public required string User { get; init; }

    public required string Name { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<Scope> Scopes { get; init; }

    public IReadOnlyList<string>? Jobs { get; init; }

    public TimeSpan? ExpiresIn { get; init; }
}
