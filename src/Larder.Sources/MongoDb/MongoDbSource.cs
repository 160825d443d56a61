using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>
/// Databases of a MongoDB server, read through MongoDB's own C driver and handed over in the layout of mongodump.
/// </summary>
/// <param name="settings">Which server and databases.</param>
/// <param name="clock">Measures how long each collection took and dates the files.</param>
public sealed class MongoDbSource(MongoDbSettings settings, TimeProvider clock) : ISource
{
    /// <summary>How many collections are read side by side: two keep the server's threads and ours busy.</summary>
    public const int CollectionsAtOnce = 2;

    // Those, and one of which the first batch is read ahead: (2 x 4 + 1) batches of 4 MiB, and what the driver copies of the three on their
    // way. Where single documents are so large that batches reach 16 MiB, (2 x 3 + 1) of them and three.
    private const int Connections = CollectionsAtOnce + 1;

    public string Engine => "mongodb";

    public async Task<SourceProbe> ProbeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var deployment = OpenDeployment();
        try
        {
            await using var connection = await deployment.ConnectAsync(cancellationToken);
            var version = await ReadVersionAsync(connection, cancellationToken);
            var catalog = await MongoCatalog.ReadAsync(connection, settings, deployment.Database, cancellationToken);
            return new SourceProbe
            {
                EngineVersion = version,
                EstimatedBytes = await EstimateAsync(connection, catalog.Databases, cancellationToken),
            };
        }
        catch (MongoException error)
        {
            throw Describe(error, deployment);
        }
    }

    public async Task<ISourceSession> OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var deployment = OpenDeployment();
        var connections = new List<MongoConnection>();
        try
        {
            connections.Add(await deployment.ConnectAsync(cancellationToken));
            while (connections.Count < Connections)
            {
                connections.Add(await deployment.ConnectAsync(connections[0], cancellationToken));
            }
            return await OpenAsync(deployment, connections, cancellationToken);
        }
        catch (Exception error)
        {
            foreach (var connection in connections)
            {
                await connection.DisposeAsync();
            }
            deployment.Dispose();
            if (error is MongoException failure)
            {
                throw Describe(failure, deployment);
            }
            throw;
        }
    }

    private async Task<ISourceSession> OpenAsync(
        MongoDeployment deployment, IReadOnlyList<MongoConnection> connections, CancellationToken cancellationToken)
    {
        var first = connections[0];
        var version = await ReadVersionAsync(first, cancellationToken);
        var listed = await MongoCatalog.ReadAsync(first, settings, deployment.Database, cancellationToken);
        var bytes = await EstimateAsync(first, listed.Databases, cancellationToken);
        var moment = await new MomentChoice(first, settings, deployment.Database, bytes).ChooseAsync(cancellationToken);
        var plan = await DumpPlan.MakeAsync(first, moment, settings, cancellationToken);
        var description = new SourceDescription
        {
            Engine = Engine,
            EngineVersion = version,
            ToolVersion = $"libmongoc {MongoDeployment.DriverVersion}",
            DatabaseName = moment.Catalog.IsWhole ? null : string.Join(", ", moment.Catalog.Databases),
            DatabaseHost = first.Host,
            Encoding = "UTF-8",
            Consistency = moment.Consistency,
            EstimatedBytes = bytes,
        };
        return new MongoDbSession(deployment, connections, description, plan, clock);
    }

    private MongoDeployment OpenDeployment()
    {
        try
        {
            return MongoDeployment.Open(settings.Url, new MongoDeploymentOptions { ReadPreference = settings.ReadPreference });
        }
        catch (DllNotFoundException error)
        {
            throw new SourceException(
                SourceError.ToolMissing,
                "Backups of MongoDB need MongoDB's C driver, libmongoc-1.0, which is not installed (package libmongoc-1.0-0).",
                error);
        }
        catch (MongoException error)
        {
            throw new SourceException(SourceError.Unreachable, $"The URL of the MongoDB server cannot be used: {error.Message}.", error);
        }
        catch (ArgumentException error)
        {
            throw new SourceException(
                SourceError.Unreachable,
                $"The read preference \"{settings.ReadPreference}\" is not one of primary, primaryPreferred, secondary, secondaryPreferred "
                + "and nearest.",
                error);
        }
    }

    private static SourceException Describe(MongoException error, MongoDeployment deployment) =>
        MongoErrors.Describe(error, $"The MongoDB server {deployment.Hosts} cannot be read", deployment.Hosts);

    private static async Task<string?> ReadVersionAsync(MongoConnection connection, CancellationToken cancellationToken) =>
        Bson.FindString(await connection.RunAsync("admin", "buildInfo", cancellationToken), "version");

    private static async Task<long?> EstimateAsync(
        MongoConnection connection, IReadOnlyList<string> databases, CancellationToken cancellationToken)
    {
        long? bytes = null;
        foreach (var database in databases)
        {
            try
            {
                var answer = await connection.RunAsync(database, "dbStats", cancellationToken);
                bytes = (bytes ?? 0) + Bson.Find(answer, "dataSize").AsInt64();
            }
            catch (MongoException error) when (MongoErrors.IsNotAllowed(error))
            {
                // Nothing but a progress bar depends on it.
            }
        }
        return bytes;
    }
}
