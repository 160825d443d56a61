using Larder.Engine.Access;

namespace Larder.Auth;

/// <summary>What a request must bring. It stands beside each route; a route without it lets nobody in.</summary>
internal sealed record Needs
{
    /// <summary>Also who has not said who they are.</summary>
    public static Needs Nothing { get; } = new() { Role = null, Scope = null };

    /// <summary>Whoever is somebody, with whatever token.</summary>
    public static Needs Somebody { get; } = new() { Role = Engine.Access.Role.Viewer, Scope = null };

    /// <summary>This role or a greater one; null for anybody.</summary>
    public required Role? Role { get; init; }

    /// <summary>What a token must be for; null for any.</summary>
    public required Scope? Scope { get; init; }

    /// <summary>What becomes of a token that is for single jobs.</summary>
    public JobRule Jobs { get; init; } = JobRule.Looked;

    public bool IsForAnybody => Role is null;

    public static Needs Of(Role role, Scope scope, JobRule jobs = JobRule.Looked) => new() { Role = role, Scope = scope, Jobs = jobs };

    /// <summary>Whether role and scope suffice. Jobs are looked at where it is known which one is meant.</summary>
    public bool AreMetBy(Caller caller) =>
        (Role is not { } role || caller.Role <= role)
        && (Scope is not { } scope || caller.Scopes is null || caller.Scopes.Contains(scope))
        && (Jobs != JobRule.All || caller.Jobs is null);
}

/// <summary>How a route meets a token that is for single jobs.</summary>
internal enum JobRule
{
    /// <summary>The route itself looks: lists show only those jobs, and all else is refused.</summary>
    Looked,

    /// <summary>It concerns all jobs, so such a token is refused.</summary>
    All,
}
