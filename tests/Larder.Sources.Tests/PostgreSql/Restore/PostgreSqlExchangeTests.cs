using System.Collections.Concurrent;
using System.Text;
using Larder.Sources.Exchanges;
using Larder.Sources.PostgreSql.Restore;
using Larder.Testing.Servers;
using Npgsql;

namespace Larder.Sources.Tests.PostgreSql.Restore;

[Trait("Kind", "server")]
public sealed class PostgreSqlExchangeTests(SharedPostgresServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_databases_of_63_bytes_with_any_letters_are_exchanged_together_and_back_with_what_was_written_since()
    {
        var server = await shared.GetAsync(Cancellation);
        var name = shared.NameDatabase("two") + " größe \"x\" 'y' \\ €";
        var filled = name + new string('z', 62 - Encoding.UTF8.GetByteCount(name));
        await using var subject = new DatabaseSubject(server, filled + "1", filled + "2"); // Cut, their names are the same.
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        Assert.Equal(6, record.Parts.SelectMany(part => new[] { part.Live, part.Beside, part.Old }).Distinct().Count());
        Assert.All(record.Parts, part => Assert.InRange(Encoding.UTF8.GetByteCount(part.Old!), 1, 63));
        var exchange = subject.Open(record);
        await subject.StageAsync(exchange, record, "new");

        for (var n = 1; ; n++) // Killed after each statement, all of it is as before.
        {
            var calls = 0;
            var killed = subject.Open(record, _ =>
            {
                if (++calls == n)
                {
                    throw new KilledException();
                }
            });
            try
            {
                await killed.ExchangeAsync(Cancellation);
                Assert.True(n > 8);
                break;
            }
            catch (KilledException)
            {
                var state = await subject.Open(record).LookAsync(Cancellation);
                Assert.Equal(state == ExchangeState.Exchanged ? "new" : "old", await subject.ReadLiveAsync());
                await subject.Open(record).UndoAsync(Cancellation);
                Assert.Equal("old", await subject.ReadLiveAsync());
            }
        }
        Assert.Equal("new", await subject.ReadLiveAsync());
        await server.ExecuteAsync(filled + "2", "INSERT INTO t VALUES ('later')", Cancellation);

        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("old", await subject.ReadLiveAsync());
        await subject.Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("new,later", await DatabaseSubject.ReadAsync(server, filled + "2"));
        await subject.Open(record).ForgetAsync(Cancellation);
        Assert.Equal(2, (await subject.ListAsync()).Count);
    }

    [Fact]
    public async Task A_reader_that_connects_again_and_again_sees_the_one_or_the_other_whole()
    {
        var server = await shared.GetAsync(Cancellation);
        await using var subject = new DatabaseSubject(server, shared.NameDatabase("read_on"));
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var seen = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var readers = Enumerable.Range(0, 4).Select(_ => ReadOnAsync(server, record.Parts[0].Live, seen, ending.Token)).ToList();
        for (var round = 0; round < 10; round++)
        {
            await WaitUntilAsync(() => seen.ContainsKey("old"));
            seen.Clear();
            await subject.Open(record).ExchangeAsync(Cancellation);
            await WaitUntilAsync(() => seen.ContainsKey("new"));
            await subject.Open(record).UndoAsync(Cancellation);
            Assert.Empty(seen.Keys.Except(["old", "new"]));
            seen.Clear();
        }
        await ending.CancelAsync();
        await Task.WhenAll(readers);

        async Task WaitUntilAsync(Func<bool> condition)
        {
            while (!condition())
            {
                await Task.WhenAny([.. readers, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Cancellation)]);
                Assert.DoesNotContain(readers, reader => reader.IsFaulted);
            }
        }
    }

    [Fact]
    public async Task Sessions_in_the_middle_of_a_transaction_are_ended()
    {
        var server = await shared.GetAsync(Cancellation);
        await using var subject = new DatabaseSubject(server, shared.NameDatabase("in_use"));
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        await using var user = await server.ConnectAsync(record.Parts[0].Live, Cancellation);
        await using var transaction = await user.BeginTransactionAsync(Cancellation);
        await using var command = new NpgsqlCommand("UPDATE t SET a = 'never committed'", user);
        await command.ExecuteNonQueryAsync(Cancellation);

        await subject.Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("old", await subject.ReadLiveAsync());
    }

    [Fact]
    public async Task What_is_whole_takes_no_connection_and_what_keeps_it_from_being_renamed_is_said()
    {
        var server = await shared.GetAsync(Cancellation);
        await using var subject = new DatabaseSubject(server, shared.NameDatabase("closed"));
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        var refused = await Assert.ThrowsAsync<PostgresException>(() => server.ConnectAsync(record.Parts[0].Beside, Cancellation));
        Assert.Contains("not currently accepting connections", refused.MessageText, StringComparison.Ordinal);

        await server.ExecuteAsync("postgres", $"ALTER DATABASE {record.Parts[0].Live} RENAME TO {record.Parts[0].Live}_away", Cancellation);
        var error = await Assert.ThrowsAsync<SourceException>(() => subject.Open(record).ExchangeAsync(Cancellation));
        Assert.Equal(SourceError.NotFound, error.Error);
        Assert.Contains("stands as before", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExchangeState.Beside, await subject.Open(record).LookAsync(Cancellation));
    }

    [Fact]
    public async Task A_session_of_a_killed_process_that_is_still_at_work_is_ended_first()
    {
        var server = await shared.GetAsync(Cancellation);
        await using var subject = new DatabaseSubject(server, shared.NameDatabase("earlier"));
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        await using var earlier = new NpgsqlConnection(
            server.ConnectionString() + ";Application Name=" + DatabaseNames.SessionOf(record));
        await earlier.OpenAsync(Cancellation);
        await using var transaction = await earlier.BeginTransactionAsync(Cancellation);
        await using var command = new NpgsqlCommand(
            $"ALTER DATABASE {record.Parts[0].Live} RENAME TO {record.Parts[0].Old}", earlier);
        await command.ExecuteNonQueryAsync(Cancellation); // It holds the lock, and would commit at any moment.

        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("old", await subject.ReadLiveAsync());
        await subject.Open(record).ForgetAsync(Cancellation);
        Assert.Equal([record.Parts[0].Live], await subject.ListAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_role_that_may_only_create_databases_restores_exchanges_and_goes_back(bool stoodThere)
    {
        var server = await shared.GetAsync(Cancellation);
        var name = shared.NameDatabase("creator");
        await server.ExecuteAsync("postgres", $"CREATE ROLE {name} LOGIN PASSWORD 'x' CREATEDB", Cancellation);
        await using var made = await RestoreCase.MakeAsync(
            server,
            name,
            async (server, database) =>
            {
                await server.CreateDatabaseAsync(database, Cancellation, $"OWNER {name}");
                await server.ExecuteAsync(database, $"SET ROLE {name}; CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 'new' AS a", Cancellation);
            },
            Cancellation);
        await server.ExecuteAsync(name, "UPDATE s.t SET a = 'old'", Cancellation);
        var live = stoodThere ? name : name + "_other";
        var restore = made.Restore(settings: new() { Url = server.Url("postgres", name, "x") });
        var plan = await restore.PlanAsync(made.Dump, made.Request(live, mayReplace: true), Cancellation);
        Assert.Empty(plan.Refusals);
        await restore.RestoreAsync(made.Dump, plan, _ => { }, Cancellation);
        await using var own = new NpgsqlConnection(server.ConnectionString(name, name, "x")); // Of the same role, which may end it.
        await own.OpenAsync(Cancellation);

        await restore.ExchangeFor(plan.Exchange!).ExchangeAsync(Cancellation);
        Assert.Equal("new", await server.ScalarAsync(live, "SELECT a FROM s.t", Cancellation));
        Assert.Equal(ExchangeState.Exchanged, await restore.ExchangeFor(plan.Exchange!).LookAsync(Cancellation));
        await restore.ExchangeFor(plan.Exchange!).UndoAsync(Cancellation);
        Assert.Equal("old", await server.ScalarAsync(name, "SELECT a FROM s.t", Cancellation));
        Assert.Equal(stoodThere ? 1L : 0L, await server.ScalarAsync(
            "postgres", $"SELECT count(*) FROM pg_database WHERE datname = '{live}'", Cancellation));
        await restore.ExchangeFor(plan.Exchange!).ExchangeAsync(Cancellation);
        await restore.ExchangeFor(plan.Exchange!).ForgetAsync(Cancellation);
        Assert.Equal(0L, await server.ScalarAsync(
            "postgres", $"SELECT count(*) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = '{live}'", Cancellation));
        await made.AssertNothingLeftAsync(Cancellation);
    }

    [Fact]
    public async Task A_session_that_the_role_may_not_end_is_the_reason_that_is_told_and_all_stands_as_before()
    {
        var server = await shared.GetAsync(Cancellation);
        var name = shared.NameDatabase("weak");
        await server.ExecuteAsync("postgres", $"CREATE ROLE {name} LOGIN PASSWORD 'x' CREATEDB", Cancellation);
        await using var subject = new DatabaseSubject(server, name + "_db");
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        foreach (var database in new[] { record.Parts[0].Live, record.Parts[0].Beside })
        {
            await server.ExecuteAsync("postgres", $"ALTER DATABASE {database} OWNER TO {name}", Cancellation);
        }
        await using var superuser = await server.ConnectAsync(record.Parts[0].Live, Cancellation);
        var target = new PostgreSqlTarget { Server = new() { Url = server.Url("postgres", name, "x") } };
        var exchange = new PostgreSqlExchange(target, record, TimeProvider.System);
        var error = await Assert.ThrowsAsync<SourceException>(() => exchange.ExchangeAsync(Cancellation));
        Assert.Equal(SourceError.PermissionDenied, error.Error);
        Assert.Contains("terminate", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", await subject.ReadLiveAsync());

        await superuser.CloseAsync();
        await exchange.ExchangeAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());
    }

    private static async Task ReadOnAsync(
        PostgresServer server, string name, ConcurrentDictionary<string, int> seen, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await server.ConnectAsync(name, cancellationToken);
                await using var command = new NpgsqlCommand("SELECT string_agg(a, ',') FROM t", connection);
                seen[await command.ExecuteScalarAsync(cancellationToken) as string ?? "empty"] = 1;
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.InvalidCatalogName)
            {
                // Ended, or renamed while it waited to get in: the announced exchange.
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
