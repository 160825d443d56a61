namespace Larder.Engine.Configuration;

/// <summary>Everything that the configuration says, checked. Swapped whole when it is read again.</summary>
public sealed record LarderConfiguration
{
    /// <summary>The file it was read from; null where variables of the environment made it.</summary>
    public string? File { get; init; }

    /// <summary>In the order of the file; likewise the jobs, and the sources of a job.</summary>
    public required IReadOnlyDictionary<string, RepositorySettings> Repositories { get; init; }

    public required IReadOnlyDictionary<string, JobSettings> Jobs { get; init; }

    public IReadOnlyList<AlertSettings> Alerts { get; init; } = [];

    public HttpSettings Http { get; init; } = new();

    public AccessSettings Access { get; init; } = new();

    public ServeSettings Serve { get; init; } = new();

    /// <summary>For all jobs; a job's own go before them.</summary>
    public MonitorSettings Monitor { get; init; } = new();

    /// <summary>Null where no log files are written.</summary>
    public LogSettings? Logs { get; init; }

    /// <summary>
    /// The environment and `.env` together: what database clients go by besides (<c>PGHOST</c>, <c>PGPASSWORD</c>). May hold secrets.
    /// </summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>An absolute path.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The catalog's SQLite file, absolute. Not used where <see cref="CatalogUrl"/> is set.</summary>
    public required string CatalogPath { get; init; }

    /// <summary>A PostgreSQL database that holds the catalog instead.</summary>
    public Secret? CatalogUrl { get; init; }

    /// <summary>What was read, for <see cref="ConfigurationWriter"/>; null where nothing was.</summary>
    internal ObjectValue? Values { get; init; }
}
