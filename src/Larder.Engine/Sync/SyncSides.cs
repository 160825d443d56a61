using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Servers;
using Larder.Sources.MongoDb.Sync;

namespace Larder.Engine.Sync;

/// <summary>The servers of a job's local and remote side, their secrets fetched, and what its databases are called there.</summary>
/// <param name="LocalUrl">Of the source.</param>
/// <param name="RemoteUrl">Null where the job does not sync that source.</param>
/// <param name="Databases">Those that are synced; empty where nothing is.</param>
internal sealed record SyncSides(string LocalUrl, string? RemoteUrl, IReadOnlyList<DatabasePair> Databases)
{
    /// <exception cref="LarderException"><see cref="EngineError.ConfigurationInvalid"/>: nobody says which databases are meant.</exception>
    public static async Task<SyncSides> ReadAsync(JobSettings job, string source, CancellationToken cancellationToken)
    {
        var settings = (MongoDbSourceSettings)job.Sources.First(one => one.Name == source); // The configuration was checked.
        var local = await settings.Url.RevealAsync(cancellationToken);
        if (job.Sync is not { } sync || sync.Source != source)
        {
            return new SyncSides(local, null, []);
        }
        var remote = await sync.Remote.RevealAsync(cancellationToken);
        return new SyncSides(local, remote, Pair(job, settings, local, remote));
    }

    /// <summary>What a database of a backup is called on the remote side; null where it is not synced.</summary>
    public string? RemoteNameOf(string database) => Databases.FirstOrDefault(pair => pair.Local == database)?.Remote;

    // A name that the source has by itself is meant for both sides, as DATABASE_NAME is; names in URLs are each side's own.
    private static IReadOnlyList<DatabasePair> Pair(JobSettings job, MongoDbSourceSettings settings, string local, string remote)
    {
        if (!settings.Databases.All && settings.Databases.Names.Count > 0)
        {
            return [.. settings.Databases.Names.Select(name => new DatabasePair(name, name))];
        }
        return !settings.Databases.All && ServerUrl.DatabaseOf(local) is { } named
            ? [new DatabasePair(named, ServerUrl.DatabaseOf(remote) ?? named)]
            : throw new LarderException(
                EngineError.ConfigurationInvalid,
                $"Job \"{job.Name}\" syncs source \"{settings.Name}\", which does not say which databases are meant.")
            {
                Context = new ErrorContext { Job = job.Name, Source = settings.Name },
                Hint = $"name them in jobs.{job.Name}.sources.{settings.Name}: \"database: NAME\".",
            };
    }
}
