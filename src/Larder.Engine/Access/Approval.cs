namespace Larder.Engine.Access;

/// <summary>A second person's yes to something that destroys data. It is of one request, by one user, and used once.</summary>
public sealed record Approval
{
    /// <summary>16 hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>Such as <c>restore.begin</c>.</summary>
    public required string Action { get; init; }

    public required string Target { get; init; }

    public required string RequestedBy { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public string? ApprovedBy { get; init; }

    public DateTimeOffset? ApprovedAt { get; init; }

    public DateTimeOffset? UsedAt { get; init; }
}
