using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>Gives a failed call of the driver its meaning. The codes are those of the server's <c>error_codes.yml</c>.</summary>
internal static class MongoErrors
{
    public const int Unauthorized = 13;
    public const int AuthenticationFailed = 18;
    public const int NamespaceNotFound = 26;
    public const int CursorNotFound = 43;
    public const int NamespaceExists = 48;
    public const int MaxTimeExpired = 50;
    public const int CommandNotFound = 59;
    public const int InvalidOptions = 72;
    public const int CommandNotSupportedOnView = 166;
    public const int QueryPlanKilled = 175;
    public const int CursorKilled = 237;
    public const int SnapshotTooOld = 239;
    public const int SnapshotUnavailable = 246;
    public const int ExceededTimeLimit = 262;
    public const int CappedPositionLost = 136;
    public const int DuplicateKey = 11000;
    public const int Interrupted = 11601;
    public const int OutOfDiskSpace = 14031;
    public const int DriverAuthentication = 11; // MONGOC_ERROR_CLIENT_AUTHENTICATE

    /// <param name="error">What the driver said.</param>
    /// <param name="what">What was being done, as the beginning of a sentence: <c>The collection a.b cannot be read</c>.</param>
    /// <param name="hosts">The server, without secrets.</param>
    public static SourceException Describe(MongoException error, string what, string hosts)
    {
        var (kind, reason) = Explain(error, hosts);
        return new SourceException(kind, $"{what}: {reason}", error);
    }

    /// <summary>Whether the account may not do that, while the server is well.</summary>
    public static bool IsNotAllowed(MongoException error) => error.IsServer(Unauthorized);

    /// <summary>
    /// Whether the server does not accept the user name or password. Depending on who notices it first, the driver names the server's
    /// answer, its own step, or only that no server is left to choose from.
    /// </summary>
    public static bool IsLoginRefused(MongoException error) => error switch
    {
        // A connection that breaks off while it logs in: "Failure during socket delivery", "socket error or timeout".
        { Domain: MongoErrorDomain.Client or MongoErrorDomain.Sasl or MongoErrorDomain.Scram }
            when error.Message.Contains("socket", StringComparison.Ordinal) => false,
        { Domain: MongoErrorDomain.Client, Code: DriverAuthentication } => true,
        { Domain: MongoErrorDomain.Sasl or MongoErrorDomain.Scram } => true,
        { Domain: MongoErrorDomain.Server, Code: AuthenticationFailed } => true,
        { Domain: MongoErrorDomain.ServerSelection } => error.Message.Contains("uthentication failed", StringComparison.Ordinal),
        _ => false,
    };

    // The server repeats the whole command.
    private static string WithoutCommand(string said)
    {
        var command = said.IndexOf(" to execute command", StringComparison.Ordinal);
        return command < 0 ? said : said[..command];
    }

    private static (SourceError Kind, string Reason) Explain(MongoException error, string hosts)
    {
        var said = error.Message.Trim().TrimEnd('.');
        return error switch
        {
            _ when IsLoginRefused(error) =>
                (SourceError.PermissionDenied, $"{hosts} did not accept the user name or password ({said})."),
            { Domain: MongoErrorDomain.ServerSelection } =>
                (SourceError.Unreachable, $"no server that fits could be found at {hosts} ({said})."),
            { Domain: MongoErrorDomain.Stream } or { Domain: MongoErrorDomain.Client, Code: DriverAuthentication }
                or { Domain: MongoErrorDomain.Sasl or MongoErrorDomain.Scram } =>
                (SourceError.Unreachable, $"the connection to {hosts} broke off ({said})."),
            { Domain: MongoErrorDomain.Server, Code: Unauthorized } =>
                (SourceError.PermissionDenied, $"the account may not do that ({WithoutCommand(said)})."),
            { Domain: MongoErrorDomain.Server, Code: NamespaceNotFound or QueryPlanKilled } =>
                (SourceError.NotFound, $"it was dropped or renamed meanwhile ({said})."),
            { Domain: MongoErrorDomain.Server, Code: MaxTimeExpired or ExceededTimeLimit } =>
                (SourceError.TimedOut, $"the operation took longer than its time limit ({said})."),
            { Domain: MongoErrorDomain.Server, Code: CursorNotFound or CursorKilled or Interrupted } =>
                (SourceError.Unreachable, $"somebody ended the operation on the server ({said})."),
            { Domain: MongoErrorDomain.Server, Code: SnapshotTooOld or SnapshotUnavailable } =>
                (SourceError.TimedOut,
                    $"the server no longer keeps the moment that is read ({said}). Raise its parameter minSnapshotHistoryWindowInSeconds, "
                    + "or use the oplog for consistency."),
            { Domain: MongoErrorDomain.Server, Code: CappedPositionLost } =>
                (SourceError.Unreachable, $"documents were overwritten faster than they could be read ({said})."),
            { Domain: MongoErrorDomain.Command or MongoErrorDomain.Client } => (SourceError.Unreachable, $"the driver says: {said}."),
            _ => (SourceError.Unreachable, $"the server says: {said} (code {error.Code})."),
        };
    }
}
