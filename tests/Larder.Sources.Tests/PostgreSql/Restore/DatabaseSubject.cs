using Larder.Sources.Exchanges;
using Larder.Sources.PostgreSql;
using Larder.Sources.PostgreSql.Restore;
using Larder.Testing.Servers;
using Npgsql;

namespace Larder.Sources.Tests.PostgreSql.Restore;

/// <summary>Databases of a real server that are exchanged together, each with one row that says what it is.</summary>
internal sealed class DatabaseSubject(PostgresServer server, params IReadOnlyList<string> names) : IExchangeSubject
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task MakeLiveAsync(string content)
    {
        foreach (var name in names)
        {
            await MakeAsync(name, content);
        }
    }

    public async Task<ExchangeRecord> PlanAsync()
    {
        var there = await ListAsync();
        return new ExchangeRecord
        {
            Engine = "postgresql",
            Target = "postgresql://here",
            IsAtomic = true,
            Parts = DatabaseNames.Plan(names.Select(name => (name, there.Contains(name))), "0123abcd"),
        };
    }

    public async Task StageAsync(IExchange exchange, ExchangeRecord record, string content)
    {
        foreach (var part in record.Parts)
        {
            await MakeAsync(part.Beside, content);
        }
        await ((PostgreSqlExchange)exchange).MarkWholeAsync(Cancellation);
    }

    public Task StageHalfAsync(ExchangeRecord record) => MakeAsync(record.Parts[0].Beside, "half");

    /// <summary>By new connections only, as an application's pool makes them after its sessions were ended.</summary>
    public async Task<string?> ReadLiveAsync()
    {
        var read = new List<string?>();
        foreach (var name in names)
        {
            read.Add(await ReadAsync(server, name));
        }
        return Assert.Single(read.Distinct());
    }

    public async Task<IReadOnlyList<string>> ListAsync()
    {
        var found = (string[]?)await server.ScalarAsync(
            "postgres", "SELECT array_agg(datname::text ORDER BY datname) FROM pg_database WHERE NOT datistemplate", Cancellation);
        // Cut names are theirs too: what all have in common is the beginning.
        return [.. found!.Where(one => names.Any(name => one.StartsWith(name[..Math.Min(name.Length, 12)], StringComparison.Ordinal)))];
    }

    public IExchange Open(ExchangeRecord record, Action<string>? afterCall = null) =>
        new PostgreSqlExchange(Target(server), record, TimeProvider.System, afterCall);

    public async ValueTask DisposeAsync()
    {
        foreach (var name in await ListAsync())
        {
            await server.DropDatabaseAsync(name, Cancellation);
        }
    }

    public static PostgreSqlTarget Target(PostgresServer server) => new() { Server = new PostgreSqlSettings { Url = server.Url() } };

    /// <summary>What a database says it is; null where there is none.</summary>
    public static async Task<string?> ReadAsync(PostgresServer server, string name)
    {
        try
        {
            return (string?)await server.ScalarAsync(name, "SELECT string_agg(a, ',') FROM t", Cancellation);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            return null;
        }
    }

    private async Task MakeAsync(string name, string content)
    {
        if (await ReadAsync(server, name) is not null)
        {
            await server.ExecuteAsync(name, $"UPDATE t SET a = '{content}'", Cancellation);
            return;
        }
        await server.CreateDatabaseAsync(name, Cancellation);
        await server.ExecuteAsync(name, $"CREATE TABLE t (a text); INSERT INTO t VALUES ('{content}')", Cancellation);
    }
}
