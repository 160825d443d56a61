using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring;
using Larder.Engine.Repositories;
using Larder.Repository;
using Larder.Repository.Crypto;
using Larder.Repository.Storage;
using Larder.Sources.PostgreSql;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.Engine.Tests.Monitoring;

[Trait("Kind", "server")]
public sealed class HealthRunServerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<IDisposable> opened = [];
    private readonly List<string> warnings = [];

    [Fact]
    public async Task A_stopped_postgresql_is_critical_at_the_next_look_and_its_return_is_told_too()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var server = await PostgresServer.StartAsync(cancellationToken);
        var clock = new LeapingClock(new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero));
        var sender = new RecordingSender();
        var context = await ContextAsync(server, clock);
        var desk = new AlertDesk(
            [sender.Route("webhook", null, "health", "recovered")], new AlertBook(() => context.Catalog, warnings.Add), "host", clock, warnings.Add);
        var run = new HealthRun(context, new FactGathering(context), desk);

        Assert.Equal(AlertLevel.Info, Connection(await run.ExecuteAsync(cancellationToken)).Level);
        await server.CrashAsync();
        clock.Now += TimeSpan.FromMinutes(60); // One interval.
        var down = Connection(await run.ExecuteAsync(cancellationToken));
        Assert.Equal(AlertLevel.Critical, down.Level);
        Assert.DoesNotContain("cr@t", down.Message, StringComparison.Ordinal);
        var told = Assert.Single(sender.Taken, notice => notice.Key == "connection:journal/db");
        Assert.Equal((AlertLevel.Critical, AlertEvent.Health), (told.Level, told.Event));

        await server.StartAgainAsync(cancellationToken);
        clock.Now += TimeSpan.FromMinutes(60);
        Assert.Equal(AlertLevel.Info, Connection(await run.ExecuteAsync(cancellationToken)).Level);
        var back = sender.Taken.Last(notice => notice.Key == "connection:journal/db");
        Assert.Equal((AlertEvent.Recovered, clock.Now - TimeSpan.FromMinutes(60)), (back.Event, back.Since));
    }

    public void Dispose()
    {
        opened.ForEach(each => each.Dispose());
        folder.Dispose();
    }

    private static Condition Connection(HealthReport report) => report.Checks.First(check => check.Check == "connection");

    private async Task<EngineContext> ContextAsync(PostgresServer server, TimeProvider clock)
    {
        var job = new JobSettings
        {
            Name = "journal",
            Sources =
            [
                new PostgreSqlSourceSettings
                {
                    Name = "db",
                    Server = new DatabaseServer { Url = Secret.FromText("url", server.Url()) },
                    Databases = new DatabaseSelection { Names = ["postgres"] },
                    Globals = false,
                },
            ],
            To = ["local"],
        };
        var configuration = new LarderConfiguration
        {
            Repositories = new Dictionary<string, RepositorySettings>
            {
                ["local"] = new() { Name = "local", Location = new LocalLocation(folder["repository"]), Password = Secret.FromText("password", "secret") },
            },
            Jobs = new Dictionary<string, JobSettings> { ["journal"] = job },
            StateDirectory = folder["state"],
            CatalogPath = folder.Combine("state", "catalog.db"),
        };
        var repositories = new RepositorySet(
            configuration,
            settings => new LocalStorage(((LocalLocation)settings.Location).Path),
            new RepositoryOptions { Clock = clock, Hostname = "host", Username = "user", KeyCost = ScryptCost.ForTests });
        var catalog = CatalogDatabase.Open(configuration.CatalogPath, clock, warnings.Add);
        opened.AddRange([repositories, catalog]);
        await repositories.CreateAsync("local", CancellationToken.None);
        return new EngineContext
        {
            Configuration = configuration,
            Repositories = repositories,
            Library = new BackupLibrary(configuration, repositories, clock, warnings.Add),
            Catalog = catalog,
            SourceFor = async (_, settings, token) => new PostgreSqlSource(
                new PostgreSqlSettings
                {
                    Url = await ((PostgreSqlSourceSettings)settings).Server.Url!.RevealAsync(token),
                    Databases = ["postgres"],
                },
                TimeProvider.System),
            Clock = clock,
            Warn = warnings.Add,
            CreatedBy = "user",
            Host = "host",
            LarderVersion = "0.1.0",
        };
    }
}
