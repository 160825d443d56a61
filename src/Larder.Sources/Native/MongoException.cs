namespace Larder.Sources.Native;

/// <summary>
/// A call of the C driver failed. It does not leave this library: <c>MongoErrors</c> gives it the database's name and a meaning.
/// The message holds no password.
/// </summary>
internal sealed class MongoException(MongoErrorDomain domain, int code, string message, ReadOnlyMemory<byte> reply) : Exception(message)
{
    public MongoErrorDomain Domain { get; } = domain;

    /// <summary>The server's error code where the domain is <see cref="MongoErrorDomain.Server"/>, otherwise the driver's.</summary>
    public int Code { get; } = code;

    /// <summary>
    /// What the server answered, as BSON: <c>codeName</c>, <c>errorLabels</c>, <c>writeErrors</c>; may be an empty document.
    /// </summary>
    public ReadOnlyMemory<byte> Reply { get; } = reply;

    /// <summary>Whether the server said this, with this code of its <c>error_codes.yml</c>.</summary>
    public bool IsServer(int serverCode) => Domain == MongoErrorDomain.Server && Code == serverCode;
}

/// <summary>Who complains: <c>mongoc_error_domain_t</c>.</summary>
internal enum MongoErrorDomain
{
    None = 0,
    Client = 1,
    Stream = 2,
    Protocol = 3,
    Cursor = 4,
    Query = 5,
    Insert = 6,
    Sasl = 7,
    Bson = 8,
    Matcher = 9,
    Namespace = 10,
    Command = 11,
    Collection = 12,
    GridFs = 13,
    Scram = 14,
    ServerSelection = 15,
    WriteConcern = 16,
    Server = 17,
    Transaction = 18,
    ClientSideEncryption = 19,
    Pool = 20,
}
