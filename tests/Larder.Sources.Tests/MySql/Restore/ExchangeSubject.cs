using Larder.Sources.Dumps;
using Larder.Sources.Exchanges;
using Larder.Sources.MySql.Restore;
using Larder.Testing;

namespace Larder.Sources.Tests.MySql.Restore;

/// <summary>A dump of one test class, made by its first test.</summary>
public sealed class SharedDump : IDisposable
{
    internal StoredSource? Stored { get; set; }

    public void Dispose() => Stored?.Dispose();
}

/// <summary>Databases of a test's own, in which something old is live and a dump of something new is restored.</summary>
/// <param name="sandbox">Whose server is used; disposed with the subject.</param>
/// <param name="dump">Of this class of tests.</param>
/// <param name="databases">What they are called here; their dump has the same names.</param>
/// <param name="contentSql">The statements that make a content in no database.</param>
/// <param name="readSql">Selects all places where the content shows.</param>
internal sealed class ExchangeSubject(
    MySqlSandbox sandbox, SharedDump dump, IReadOnlyList<string> databases, Func<string, string> contentSql, string readSql)
    : IExchangeSubject
{
    private const string New = "new content";

    private MySqlRestore Restore => new(sandbox.Root, TimeProvider.System);

    /// <summary>What is restored of the dump; empty for all.</summary>
    public IReadOnlyList<string> Entries { get; init; } = [];

    private string ClearSql => string.Concat(databases.Select(name => $"DROP DATABASE IF EXISTS {name};"));

    public async Task<ExchangeSubject> PrepareAsync()
    {
        if (dump.Stored is null)
        {
            await sandbox.Server.ExecuteAsync(ClearSql);
            await sandbox.Server.ExecuteAsync(contentSql(New));
            dump.Stored = await StoredSource.ReadAsync(sandbox.Source(databases));
        }
        await sandbox.Server.ExecuteAsync(ClearSql);
        return this;
    }

    public Task MakeLiveAsync(string content) => sandbox.Server.ExecuteAsync(contentSql(content));

    public async Task<ExchangeRecord> PlanAsync() => (await PlanAsync(new DumpRestoreRequest())).Exchange!;

    public async Task StageAsync(IExchange exchange, ExchangeRecord record, string content)
    {
        Assert.Equal(New, content);
        var plan = await PlanAsync(new DumpRestoreRequest { Token = TokenOf(record) });
        await Restore.RestoreAsync(dump.Stored!, plan, _ => { }, CancellationToken.None);
    }

    public async Task StageHalfAsync(ExchangeRecord record)
    {
        var wrong = dump.Stored!.Outcome.Entries
            .Select(facts => facts.Fingerprint is { } right ? facts with { Fingerprint = right with { Rows = 12345 } } : facts);
        var plan = await PlanAsync(new DumpRestoreRequest { Token = TokenOf(record), Recorded = [.. wrong] });
        await Assert.ThrowsAsync<SourceException>(() => Restore.RestoreAsync(dump.Stored, plan, _ => { }, CancellationToken.None));
    }

    public async Task<string?> ReadLiveAsync()
    {
        try
        {
            var found = (await sandbox.Server.ExecuteAsync(readSql)).Split('\n').Distinct().ToList();
            return string.Join(" and ", found);
        }
        catch (ChildFailedException error) when (error.Message.Contains("ERROR 1049", StringComparison.Ordinal)
            || error.Message.Contains("ERROR 1146", StringComparison.Ordinal))
        {
            return null; // There is no such database, or no such table.
        }
        catch (ChildFailedException error) when (error.Message.Contains("ERROR 1305", StringComparison.Ordinal)
            || error.Message.Contains("ERROR 1356", StringComparison.Ordinal))
        {
            return "half"; // A function or a view is missing.
        }
    }

    public async Task<IReadOnlyList<string>> ListAsync()
    {
        string Of(string column) =>
            $"({string.Join(" OR ", databases.Select(name => $"{column} = '{name}' OR {column} LIKE '{name}\\_larder\\_%'"))})";
        var found = await sandbox.Server.ExecuteAsync($"""
            SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE {Of("SCHEMA_NAME")}
            UNION ALL SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.TABLES WHERE {Of("TABLE_SCHEMA")}
            UNION ALL SELECT CONCAT(TRIGGER_SCHEMA, '.', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE {Of("TRIGGER_SCHEMA")}
            UNION ALL SELECT CONCAT(ROUTINE_SCHEMA, '.', ROUTINE_NAME) FROM information_schema.ROUTINES WHERE {Of("ROUTINE_SCHEMA")}
            UNION ALL SELECT CONCAT(EVENT_SCHEMA, '.', EVENT_NAME) FROM information_schema.EVENTS WHERE {Of("EVENT_SCHEMA")}
            UNION ALL SELECT CONCAT(CONSTRAINT_SCHEMA, '.', CONSTRAINT_NAME, ' to ', UNIQUE_CONSTRAINT_SCHEMA, '.', REFERENCED_TABLE_NAME)
                FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE {Of("CONSTRAINT_SCHEMA")}
            ORDER BY 1
            """);
        return found.Length == 0 ? [] : found.Split('\n');
    }

    public IExchange Open(ExchangeRecord record, Action<string>? afterCall = null) =>
        new MySqlExchange(sandbox.Root, record, TimeProvider.System, afterCall);

    public async ValueTask DisposeAsync()
    {
        await sandbox.Server.ExecuteAsync(ClearSql);
        foreach (var kept in (await sandbox.Server.ExecuteAsync(
            $"SHOW DATABASES WHERE {string.Join(" OR ", databases.Select(name => $"`Database` LIKE '{name}\\_larder\\_%'"))}")).Split('\n'))
        {
            await sandbox.Server.ExecuteAsync(kept.Length == 0 ? "" : $"DROP DATABASE {kept}");
        }
        Assert.Empty(sandbox.FindLeftovers());
        await sandbox.DisposeAsync();
    }

    private async Task<DumpRestorePlan> PlanAsync(DumpRestoreRequest request)
    {
        var plan = await Restore.PlanAsync(dump.Stored!, request with { MayReplace = true, Entries = Entries }, CancellationToken.None);
        Assert.Empty(plan.Refusals);
        return plan;
    }

    private static string TokenOf(ExchangeRecord record) => record.Parts[0].Beside.Split("_larder_")[1].Split('.')[0];
}
