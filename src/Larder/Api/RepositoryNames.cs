using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>Looks whether a repository that a request names is configured.</summary>
internal static class RepositoryNames
{
    public static QueryParameter Query { get; } = new("repository", "string", "Only this one of the repositories.", "local");

    /// <exception cref="LarderException"><see cref="EngineError.UnknownRepository"/>.</exception>
    public static string Of(ApiCall call, string name) => call.Services.Configuration.Repositories.ContainsKey(name)
        ? name
        : throw new LarderException(EngineError.UnknownRepository, "There is no repository of this name.");

    /// <summary>The same where it may be left away, which is null.</summary>
    public static string? OfOptional(ApiCall call, string? name) => name is null ? null : Of(call, name);

    /// <summary>For a token that is for single jobs: what they are not backed up to is none of its business.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownRepository"/>.</exception>
    public static void EnsureOf(JobSettings job, string name)
    {
        if (!job.To.Contains(name, StringComparer.Ordinal))
        {
            throw new LarderException(EngineError.UnknownRepository, "The job has no repository of this name.");
        }
    }
}
