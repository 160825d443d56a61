using Larder.Sources.Tools;

namespace Larder.Sources.MySql;

/// <summary>
/// Databases of a MySQL or MariaDB server, by its own dump program and in one transaction, cut on the fly into a file for each table.
/// Nothing is staged on disk.
/// </summary>
public sealed class MySqlSource(MySqlSettings settings, TimeProvider clock) : ISource
{
    public string Engine => "mysql";

    public async Task<SourceProbe> ProbeAsync(CancellationToken cancellationToken)
    {
        var (catalog, _) = await LookAsync(cancellationToken);
        return new SourceProbe { EngineVersion = catalog.ServerVersion, EstimatedBytes = Estimate(catalog) };
    }

    public async Task<ISourceSession> OpenAsync(CancellationToken cancellationToken)
    {
        var (catalog, tools) = await LookAsync(cancellationToken);
        var dump = new MySqlDump(settings.Server, tools, clock, settings.Timeout);
        var readsUsers = settings.Users && catalog.Rights.Has("SELECT", "mysql") && tools.DumpHas("system") && catalog.IsMariaDb;
        var session = new MySqlSession(settings, catalog, dump, readsUsers, clock, new SourceDescription
        {
            Engine = Engine,
            EngineVersion = catalog.ServerVersion,
            ToolVersion = $"{Path.GetFileName(tools.Dump)} {tools.DumpVersion}",
            DatabaseName = string.Join(", ", catalog.Databases),
            DatabaseHost = settings.Server.ToString(),
            Encoding = "utf8mb4",
            Consistency = catalog.FindOutsideOfTransactions().Any()
                ? "snapshot, but each table without transactions on its own"
                : "snapshot",
            EstimatedBytes = Estimate(catalog),
        });
        try
        {
            await session.BeginAsync(cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private async Task<(MySqlCatalog Catalog, MySqlTools Tools)> LookAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var program = MySqlTools.FindClient(settings.Server);
        var version = await MySqlClient.ReadOutputAsync(
            new ToolStart { Program = program, Arguments = ["--no-defaults", "--version"], ShownName = Path.GetFileName(program) },
            clock,
            cancellationToken);
        var client = new MySqlClient(settings.Server, program, MySqlTools.IsMariaDb(version), clock);
        var catalog = await MySqlCatalog.ReadAsync(client, settings, cancellationToken);
        return (catalog, await MySqlTools.FindAsync(settings.Server, catalog.IsMariaDb, clock, cancellationToken));
    }

    private static long? Estimate(MySqlCatalog catalog)
    {
        var bytes = catalog.Objects.Sum(item => item.Bytes);
        return bytes > 0 ? bytes : null;
    }
}
