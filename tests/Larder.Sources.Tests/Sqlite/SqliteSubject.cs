using Larder.Sources.Exchanges;
using Larder.Sources.Native;
using Larder.Sources.Sqlite;
using Larder.Testing;

namespace Larder.Sources.Tests.Sqlite;

/// <summary>A database in a temporary folder, which is read by SQLite itself.</summary>
internal sealed class SqliteSubject(string journalMode) : IExchangeSubject
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public TemporaryFolder Folder { get; } = new();

    public string Live => Folder["app.sqlite"];

    public Task MakeLiveAsync(string content)
    {
        Write(Live, journalMode, content);
        return Task.CompletedTask;
    }

    public Task<ExchangeRecord> PlanAsync() => Task.FromResult(SqliteExchange.Plan(Live, "0123abcd"));

    public async Task StageAsync(IExchange exchange, ExchangeRecord record, string content)
    {
        Write(record.Parts[0].Beside, journalMode, content);
        await ((SqliteExchange)exchange).CheckAsync([], Cancellation);
        ((SqliteExchange)exchange).MarkWhole();
    }

    public Task StageHalfAsync(ExchangeRecord record)
    {
        File.WriteAllText(record.Parts[0].Beside, "SQLite format 3\0half");
        return Task.CompletedTask;
    }

    public async Task<string?> ReadLiveAsync()
    {
        if (!File.Exists(Live))
        {
            return null;
        }
        var content = Read(Live);
        await SqliteCheck.InspectAsync(Live, Cancellation);
        return content;
    }

    public Task<IReadOnlyList<string>> ListAsync() => Task.FromResult<IReadOnlyList<string>>([.. Folder.Names]);

    public IExchange Open(ExchangeRecord record, Action<string>? afterCall = null) =>
        new SqliteExchange(record, Patience, TimeProvider.System, afterCall);

    public ValueTask DisposeAsync() => Folder.DisposeAsync();

    public static void Write(string path, string journalMode, string content) =>
        TestDatabase.Execute(path, $"PRAGMA journal_mode={journalMode}", "CREATE TABLE t(a)", $"INSERT INTO t VALUES('{content}')");

    public static string? Read(string path)
    {
        using var connection = Sqlite3Connection.Open(path);
        return connection.QueryText("SELECT a FROM t");
    }
}
