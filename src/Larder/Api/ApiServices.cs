using Larder.Auth;
using Larder.Auth.OpenId;
using Larder.Daemon;
using Larder.Engine;
using Larder.Engine.Access;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;

namespace Larder.Api;

/// <summary>What the routes work with.</summary>
internal sealed class ApiServices : IDisposable
{
    private readonly SemaphoreSlim opening = new(1);
    private Composition? reading;
    private LarderConfiguration? readingBy;

    /// <param name="parts">The service's; owned by it.</param>
    public ApiServices(DaemonParts parts)
    {
        Parts = parts;
        SignIn = new SignIn(() => parts.Configuration.Current, parts.Clock);
        Gate = new Gate(parts.Catalog, () => parts.Configuration.Current, Limits, parts.Clock);
        Backups = new BackupListing(parts.Clock);
        parts.Execution.WhenEnded = RefreshAsync;
    }

    public DaemonParts Parts { get; }

    public RunQueue Queue => Parts.Queue;

    public CatalogDatabase Catalog => Parts.Catalog;

    public LarderConfiguration Configuration => Parts.Configuration.Current;

    public TimeProvider Clock => Parts.Clock;

    public RequestLimits Limits { get; } = new();

    public Gate Gate { get; }

    public SignIn SignIn { get; }

    public BackupListing Backups { get; }

    public UserStore Users => new(Catalog);

    public TokenStore Tokens => new(Catalog);

    public SessionStore Sessions => new(Catalog);

    public ApprovalStore Approvals => new(Catalog);

    /// <summary>
    /// The engine that calls read with. It is kept, since opening a repository costs a slow derivation of its key, and made anew when the
    /// configuration changes.
    /// </summary>
    public async Task<EngineContext> EngineAsync(CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken);
        try
        {
            var wanted = Configuration;
            if (reading is null || !ReferenceEquals(readingBy, wanted))
            {
                // The old one is not disposed here: calls may still read with it. It holds no process and no lock.
                (reading, readingBy) = (Parts.Execution.Compose(), wanted);
            }
            return reading.Context with { Catalog = Catalog };
        }
        finally
        {
            opening.Release();
        }
    }

    private async Task RefreshAsync() => await Backups.LookBesideAsync(await EngineAsync(CancellationToken.None));

    public void Dispose()
    {
        reading?.Dispose();
        opening.Dispose();
        Backups.Dispose();
        Limits.Dispose();
        SignIn.Dispose();
    }
}
