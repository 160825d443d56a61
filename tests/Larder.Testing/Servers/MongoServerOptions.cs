namespace Larder.Testing.Servers;

/// <summary>How a server is started.</summary>
public sealed record MongoServerOptions
{
    /// <summary>Whether it is a replica set of one member, which can do transactions and snapshot reads and keeps an oplog.</summary>
    public bool ReplicaSet { get; init; } = true;

    /// <summary>Whether clients must name themselves. The owner of everything is then in <see cref="MongoServer.Url"/>.</summary>
    public bool WithAccounts { get; init; }

    /// <summary>More arguments of mongod.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}
