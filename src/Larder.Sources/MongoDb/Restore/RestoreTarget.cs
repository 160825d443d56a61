using Larder.Sources.Native;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>The server that is restored into: its connections and the few questions that a restore asks it.</summary>
internal sealed class RestoreTarget : IDisposable
{
    private readonly MongoDeployment deployment;

    private RestoreTarget(MongoDeployment deployment) => this.deployment = deployment;

    /// <summary>For people, with no secret in it.</summary>
    public string Hosts => deployment.Hosts;

    /// <summary>Asks nothing of the server yet. Fails with <see cref="SourceException"/> where the URL is none.</summary>
    public static RestoreTarget Open(string url)
    {
        try
        {
            // Whatever the URL prefers to read from, a restore writes. An index of a large collection takes its time to be built.
            var options = new MongoDeploymentOptions { ReadPreference = "primary", AnswerTimeout = TimeSpan.Zero };
            return new RestoreTarget(MongoDeployment.Open(url, options));
        }
        catch (MongoException error)
        {
            throw new SourceException(SourceError.Unreachable, $"The URL of the MongoDB server cannot be used: {error.Message}.", error);
        }
    }

    public async Task<RestoreConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new RestoreConnection(await deployment.ConnectAsync(cancellationToken), Hosts);
        }
        catch (MongoException error)
        {
            throw RestoreErrors.Describe(error, Hosts, "cannot be talked to");
        }
    }

    public void Dispose() => deployment.Dispose();
}
