using Larder.Api.Running;
using Larder.Auth;
using Larder.Engine;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>What the routes work with.</summary>
internal sealed class ApiServices : IDisposable
{
    private readonly Func<LarderConfiguration> configuration;
    private readonly Func<LarderConfiguration, OpenedEngine> openEngine;
    private readonly SemaphoreSlim opening = new(1);
    private OpenedEngine? reading;

    /// <param name="catalog">Owned by the caller.</param>
    /// <param name="configuration">The configuration as it is now.</param>
    /// <param name="openEngine">Opens an engine of its own for a run, or for reading; whoever asked disposes it.</param>
    /// <param name="clock">The time.</param>
    /// <param name="warn">Told, in whole sentences, of what does not stop the work.</param>
    public ApiServices(
        CatalogDatabase catalog,
        Func<LarderConfiguration> configuration,
        Func<LarderConfiguration, OpenedEngine> openEngine,
        TimeProvider clock,
        Action<string> warn)
    {
        (Catalog, this.configuration, this.openEngine, Clock) = (catalog, configuration, openEngine, clock);
        Limits = new RequestLimits();
        Gate = new Gate(catalog, configuration, Limits, clock);
        Backups = new BackupListing(clock);
        Runs = new RunPool(catalog, () => openEngine(configuration()), clock, warn, Backups.Forget);
    }

    public CatalogDatabase Catalog { get; }

    public LarderConfiguration Configuration => configuration();

    public TimeProvider Clock { get; }

    public Gate Gate { get; }

    public RequestLimits Limits { get; }

    public BackupListing Backups { get; }

    public RunPool Runs { get; }

    public UserStore Users => new(Catalog);

    public TokenStore Tokens => new(Catalog);

    public SessionStore Sessions => new(Catalog);

    public ApprovalStore Approvals => new(Catalog);

    /// <summary>
    /// The engine that calls read with. It is kept, since opening a repository costs a slow key derivation, and made anew when the
    /// configuration changes.
    /// </summary>
    public async Task<EngineContext> EngineAsync(CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken);
        try
        {
            var wanted = configuration();
            if (reading is null || !ReferenceEquals(reading.Context.Configuration, wanted))
            {
                // The old one is not disposed here: calls may still read with it. It holds no process and no lock.
                reading = openEngine(wanted);
            }
            return reading.Context;
        }
        finally
        {
            opening.Release();
        }
    }

    public LarderException Unknown(string job) => new(EngineError.UnknownJob, $"The configuration has no job \"{job}\".");

    public void Dispose()
    {
        reading?.Dispose();
        opening.Dispose();
        Limits.Dispose();
        Runs.Dispose();
    }
}

/// <summary>An engine and what must be disposed with it.</summary>
internal sealed record OpenedEngine(EngineContext Context, IDisposable Owner) : IDisposable
{
    public void Dispose() => Owner.Dispose();
}
