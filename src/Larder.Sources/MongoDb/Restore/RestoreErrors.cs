using Larder.Sources.Native;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Gives a failed call its meaning for a restore. Not <see cref="MongoErrors.Describe"/>, for the side that failed is the target here: what
/// is an unreadable source to a backup is a target that does not take the dump.
/// </summary>
internal static class RestoreErrors
{
    /// <param name="error">What failed.</param>
    /// <param name="hosts">Where, without a secret.</param>
    /// <param name="doing">What was being done, to follow the name of the server: <c>could not create shop.orders</c>.</param>
    public static SourceException Describe(MongoException error, string hosts, string doing) =>
        new(Meaning(error), $"MongoDB at {hosts} {doing}: {error.Message.TrimEnd('.')}.", error);

    /// <summary>Whether the server said this, with this code.</summary>
    public static bool IsServer(SourceException error, int code) => error.InnerException is MongoException said && said.IsServer(code);

    private static SourceError Meaning(MongoException error) => (error.Domain, error.Code) switch
    {
        _ when MongoErrors.IsLoginRefused(error) => SourceError.PermissionDenied,
        (MongoErrorDomain.ServerSelection or MongoErrorDomain.Stream, _) => SourceError.Unreachable,
        (MongoErrorDomain.Client, MongoErrors.DriverAuthentication) => SourceError.Unreachable,
        (MongoErrorDomain.Scram or MongoErrorDomain.Sasl, _) => SourceError.Unreachable,
        (MongoErrorDomain.Server, MongoErrors.Unauthorized) => SourceError.PermissionDenied,
        (MongoErrorDomain.Server, MongoErrors.DuplicateKey) => SourceError.Damaged,
        (MongoErrorDomain.Server, MongoErrors.OutOfDiskSpace) => SourceError.TargetFull,
        (MongoErrorDomain.Server, MongoErrors.MaxTimeExpired) => SourceError.TimedOut,
        _ => SourceError.TargetFailed,
    };
}
