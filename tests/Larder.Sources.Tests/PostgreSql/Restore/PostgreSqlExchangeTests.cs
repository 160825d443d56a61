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
}
