using Larder.Engine.Access;
using Larder.Engine.Errors;

namespace Larder.Auth;

/// <summary>Who makes a request, as far as it was believed.</summary>
internal sealed record Caller
{
    public required string Name { get; init; }

    public required Role Role { get; init; }

    public required CallerWay Way { get; init; }

    /// <summary>What a token is for; null for people, who may do all that their role may.</summary>
    public IReadOnlyList<Scope>? Scopes { get; init; }

    /// <summary>The only jobs that it may see and touch; null for all.</summary>
    public IReadOnlyList<string>? Jobs { get; init; }

    /// <summary>Of an API token.</summary>
    public string? TokenId { get; init; }

    /// <summary>
    /// What a change must carry, since a browser sends cookies along with whatever page asks; null where nothing is ambient.
    /// </summary>
    public string? CsrfToken { get; init; }

    /// <summary>Names the credential, to count requests by.</summary>
    public string Key => TokenId is { } token ? $"token:{token}" : $"{Way}:{Name}".ToLowerInvariant();

    /// <summary>For the audit log.</summary>
    public string WayText => TokenId is { } token ? $"token {token}" : Way.ToString().ToLowerInvariant();

    public bool MaySee(string? job) => Jobs is null || (job is not null && Jobs.Contains(job));

    /// <exception cref="LarderException"><see cref="EngineError.NotAllowed"/>.</exception>
    public void EnsureJob(string? job)
    {
        if (!MaySee(job))
        {
            throw new LarderException(
                EngineError.NotAllowed,
                job is null
                    ? "This token is for single jobs, and the request concerns all of them."
                    : "This token is not for the job that the request concerns.");
        }
    }
}

internal enum CallerWay
{
    Session,
    Token,
    Jwt,
    Proxy,
}
