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
    public static RestoreTarget Open(string url) => Open(url, TimeSpan.Zero); // An index of a large collection takes its time to be built.

    /// <param name="url">The server.</param>
    /// <param name="answerTimeout">As <see cref="MongoDeploymentOptions.AnswerTimeout"/> has it.</param>
    public static RestoreTarget Open(string url, TimeSpan? answerTimeout)
    {
        try
        {
            // Whatever the URL prefers to read from, here something is written.
            var options = new MongoDeploymentOptions { ReadPreference = "primary", AnswerTimeout = answerTimeout };
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
