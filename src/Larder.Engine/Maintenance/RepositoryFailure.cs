using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Repository;

namespace Larder.Engine.Maintenance;

/// <summary>A repository that could not be used, and why. Work on the others goes on.</summary>
internal sealed record RepositoryFailure(string Repository, ErrorReport Error)
{
    /// <summary>Whether an exception says something of a repository, and not that Larder is at fault or was interrupted.</summary>
    public static bool Is(Exception exception) =>
        exception is RepositoryException or LarderException or ConfigurationException or IOException or UnauthorizedAccessException;

    public static RepositoryFailure Of(string repository, Exception exception) => new(repository, Describe(repository, exception));

    public static ErrorReport Describe(string repository, Exception exception) =>
        ErrorTable.Describe(exception, new ErrorContext { Repository = repository });
}
