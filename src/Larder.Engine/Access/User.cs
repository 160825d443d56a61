namespace Larder.Engine.Access;

/// <summary>A person who may log in.</summary>
public sealed record User
{
    /// <summary>Letters, digits and <c>. _ @ -</c>; large and small letters are the same.</summary>
    public required string Name { get; init; }

    public required Role Role { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? LastLoginAt { get; init; }

    /// <summary>Until then no password is taken; null where it is not locked.</summary>
    public DateTimeOffset? LockedUntil { get; init; }

    /// <summary>Since then nobody comes in as this user, by whatever way; null where that is not so.</summary>
    public DateTimeOffset? DisabledAt { get; init; }

    /// <summary>False for who comes in by way of the identity provider alone; then the provider says the role.</summary>
    public required bool HasPassword { get; init; }

    public bool IsDisabled => DisabledAt is not null;
}

/// <summary>How a password was answered.</summary>
public enum LoginOutcome
{
    Welcome,

    /// <summary>No such user, or not the password: which of the two is told to nobody.</summary>
    Wrong,

    /// <summary>Too many wrong ones; the password was not looked at.</summary>
    Locked,
}
