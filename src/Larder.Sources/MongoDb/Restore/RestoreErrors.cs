using Larder.Sources.Native;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>Gives a failed call its meaning for a restore, by the server's numbers (error_codes.yml), which do not change.</summary>
internal static class RestoreErrors
{
    public const int NamespaceNotFound = 26;
    public const int DuplicateKey = 11000;
    private const int Unauthorized = 13;
    private const int AuthenticationFailed = 18;
    private const int MaxTimeExpired = 50;
    private const int OutOfDiskSpace = 14031;
    private const int ClientAuthentication = 11; // MONGOC_ERROR_CLIENT_AUTHENTICATE

    /// <param name="error">What failed.</param>
    /// <param name="hosts">Where, without a secret.</param>
    /// <param name="doing">What was being done, to follow the name of the server: <c>could not create shop.orders</c>.</param>
    public static SourceException Describe(MongoException error, string hosts, string doing) =>
        new(Meaning(error), $"MongoDB at {hosts} {doing}: {error.Message.TrimEnd('.')}.", error);

    /// <summary>Whether the server said this, with this code.</summary>
    public static bool IsServer(SourceException error, int code) => error.InnerException is MongoException said && said.IsServer(code);

    private static SourceError Meaning(MongoException error) => (error.Domain, error.Code) switch
    {
        (MongoErrorDomain.ServerSelection or MongoErrorDomain.Stream, _) => SourceError.Unreachable,
        (MongoErrorDomain.Client, ClientAuthentication) => SourceError.PermissionDenied,
        (MongoErrorDomain.Scram or MongoErrorDomain.Sasl, _) => SourceError.PermissionDenied,
        (MongoErrorDomain.Server, Unauthorized or AuthenticationFailed) => SourceError.PermissionDenied,
        (MongoErrorDomain.Server, DuplicateKey) => SourceError.Damaged,
        (MongoErrorDomain.Server, OutOfDiskSpace) => SourceError.TargetFull,
        (MongoErrorDomain.Server, MaxTimeExpired) => SourceError.TimedOut,
        _ => SourceError.TargetFailed,
    };
}
