using System.Text.Json;
using Larder.Sources.Exchanges;
using Larder.Testing;

namespace Larder.Sources.Tests;

/// <summary>A kill -9 in the middle, as far as the exchange can notice it: nothing that it would do about a failure is done.</summary>
public sealed class KilledException() : Exception("Killed.");

/// <summary>
/// One target that is exchanged, for the <see cref="ExchangeContract"/>. A new one for each case: something old is live at first, unless
/// <see cref="MakeLiveAsync"/> was not called, and <see cref="StageAsync"/> puts something new beside it.
/// </summary>
public interface IExchangeSubject : IAsyncDisposable
{
    /// <summary>Puts the content live that <see cref="ReadLiveAsync"/> then returns.</summary>
    Task MakeLiveAsync(string content);

    /// <summary>Plans, before anything is made.</summary>
    Task<ExchangeRecord> PlanAsync();

    /// <summary>Restores beside, up to the moment where it counts as whole.</summary>
    /// <param name="exchange">Made by <see cref="Open"/> from the record.</param>
    Task StageAsync(IExchange exchange, ExchangeRecord record, string content);

    /// <summary>The beginning of such a restore: something lies beside that is not whole.</summary>
    Task StageHalfAsync(ExchangeRecord record);

    /// <summary>What somebody sees who looks at the target, by its own means; null for nothing.</summary>
    Task<string?> ReadLiveAsync();

    /// <summary>Everything that lies where the exchange works, by name, live or not: for seeing that nothing is left.</summary>
    Task<IReadOnlyList<string>> ListAsync();

    /// <param name="record">As it came out of the journal.</param>
    /// <param name="afterCall">To be told of each change; what it throws must come out of the operation with nothing done about it.</param>
    IExchange Open(ExchangeRecord record, Action<string>? afterCall = null);
}

/// <summary>What every exchange must keep, on the real thing. One class for each kind of exchange derives from this.</summary>
public abstract class ExchangeContract
{
    /// <summary>How many random series of kills are tried.</summary>
    protected virtual int Wanderings => 5;
    private const string Old = "old content";
    private const string New = "new content";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A target of this test's own with nothing in it.</summary>
    protected abstract Task<IExchangeSubject> MakeSubjectAsync();

    /// <summary>
    /// Of how many calls one is followed by a kill: all of them, except where each case takes a restore into a server; there a share in
    /// `make test`, drawn anew each time, and all in `make soak`.
    /// </summary>
    protected virtual int KillEvery => 1;

    [Fact]
    public async Task What_was_restored_becomes_live_and_what_was_live_comes_back()
    {
        await using var subject = await MakeSubjectAsync();
        var (record, exchange) = await StageAsync(subject, Old);
        await AssertAsync(subject, exchange, ExchangeState.Beside, Old);

        await exchange.ExchangeAsync(Cancellation);
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Exchanged, New);

        await Reopen(subject, record).UndoAsync(Cancellation);
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Beside, Old);

        await Reopen(subject, record).ExchangeAsync(Cancellation);
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Exchanged, New);
    }

    [Fact]
    public async Task Where_nothing_stood_nothing_stands_after_the_undo()
    {
        await using var subject = await MakeSubjectAsync();
        var (record, exchange) = await StageAsync(subject, live: null);
        Assert.All(record.Parts, part => Assert.Null(part.Old));
        await AssertAsync(subject, exchange, ExchangeState.Beside, null);

        await exchange.ExchangeAsync(Cancellation);
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Exchanged, New);

        await Reopen(subject, record).UndoAsync(Cancellation);
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Beside, null);
        await Reopen(subject, record).ForgetAsync(Cancellation);
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Untouched, null);
        Assert.Empty(await subject.ListAsync());
    }

    [Fact]
    public async Task Every_operation_may_be_repeated()
    {
        await using var subject = await MakeSubjectAsync();
        var (record, _) = await StageAsync(subject, Old);
        await TwiceAsync(exchange => exchange.ExchangeAsync(Cancellation), ExchangeState.Exchanged, New);
        await TwiceAsync(exchange => exchange.UndoAsync(Cancellation), ExchangeState.Beside, Old);
        await TwiceAsync(exchange => exchange.ForgetAsync(Cancellation), ExchangeState.Untouched, Old);
        await TwiceAsync(exchange => exchange.UndoAsync(Cancellation), ExchangeState.Untouched, Old);

        async Task TwiceAsync(Func<IExchange, Task> operation, ExchangeState state, string? live)
        {
            await operation(Reopen(subject, record));
            await operation(Reopen(subject, record));
            await AssertAsync(subject, Reopen(subject, record), state, live);
        }
    }

    [Fact]
    public async Task Forgotten_after_the_exchange_only_the_new_one_is_left_and_stays()
    {
        await using var subject = await MakeSubjectAsync();
        await subject.MakeLiveAsync(Old);
        var before = await subject.ListAsync();
        var (record, exchange) = await StageAsync(subject, live: null);
        await exchange.ExchangeAsync(Cancellation);
        await Reopen(subject, record).ForgetAsync(Cancellation);
        Assert.Equal(before, await subject.ListAsync());
        await Reopen(subject, record).UndoAsync(Cancellation);
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Untouched, New);
    }

    [Fact]
    public async Task What_is_not_whole_is_never_exchanged_and_is_forgotten_without_a_trace()
    {
        await using var subject = await MakeSubjectAsync();
        await subject.MakeLiveAsync(Old);
        var before = await subject.ListAsync();
        var record = await subject.PlanAsync();
        await Reopen(subject, record).ForgetAsync(Cancellation); // Planned and never begun.
        await subject.StageHalfAsync(record);
        Assert.NotEqual(before, await subject.ListAsync());
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Untouched, Old);

        await Assert.ThrowsAnyAsync<Exception>(() => Reopen(subject, record).ExchangeAsync(Cancellation));
        await Reopen(subject, record).UndoAsync(Cancellation);
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Untouched, Old);
        await Reopen(subject, record).ForgetAsync(Cancellation);
        Assert.Equal(before, await subject.ListAsync());
    }

    [Fact]
    public async Task Cancelled_beforehand_nothing_happens()
    {
        await using var subject = await MakeSubjectAsync();
        var (record, exchange) = await StageAsync(subject, Old);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exchange.LookAsync(new(canceled: true)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exchange.ExchangeAsync(new(canceled: true)));
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Beside, Old);
    }

    [Theory]
    [MemberData(nameof(Kills))]
    public Task Killed_after_any_call_another_process_goes_on_or_back(Operation killed, Operation then, bool stoodThere) =>
        SeededRandom.RunAsync(random => KillEachAsync(killed, then, stoodThere, random.Next(1, KillEvery + 1)));

    private async Task KillEachAsync(Operation killed, Operation then, bool stoodThere, int first)
    {
        var calls = 0;
        var n = first;
        while (true)
        {
            await using var subject = await MakeSubjectAsync();
            if (stoodThere)
            {
                await subject.MakeLiveAsync(Old);
            }
            var before = stoodThere ? Old : null;
            var listed = await subject.ListAsync();
            var (record, _) = await StageAsync(subject, live: null);
            if (killed == Operation.Undo || (killed == Operation.Forget && then == Operation.Exchange))
            {
                await Reopen(subject, record).ExchangeAsync(Cancellation);
            }
            if (!await KillAfterAsync(subject, record, killed, n))
            {
                if (calls > 0)
                {
                    return;
                }
                Assert.True(n > 1, $"{killed} changed nothing.");
                n /= 2; // It has fewer calls than were drawn; one of them is followed by a kill all the same.
                continue;
            }
            calls++;
            n += KillEvery;

            var live = await subject.ReadLiveAsync();
            var state = await Reopen(subject, record).LookAsync(Cancellation);
            if (record.IsAtomic)
            {
                Assert.NotEqual(ExchangeState.Between, state);
                Assert.Contains(live, new[] { before, New });
                var expected = state == ExchangeState.Exchanged ? New : before;
                Assert.True(killed == Operation.Forget || live == expected, $"Call {n - KillEvery}: {live} is {state}.");
            }
            if (killed == Operation.Forget)
            {
                // Which of them was live stays live, whoever goes on.
                Assert.Equal(then == Operation.Exchange ? New : before, live);
                await Reopen(subject, record).ForgetAsync(Cancellation);
                Assert.Equal(live, await subject.ReadLiveAsync());
                continue;
            }

            await RunAsync(Reopen(subject, record), then);
            await AssertAsync(
                subject,
                Reopen(subject, record),
                then == Operation.Exchange ? ExchangeState.Exchanged : ExchangeState.Beside,
                then == Operation.Exchange ? New : before);

            // And all of it can still be undone and cleared away.
            await Reopen(subject, record).UndoAsync(Cancellation);
            await Reopen(subject, record).ForgetAsync(Cancellation);
            await AssertAsync(subject, Reopen(subject, record), ExchangeState.Untouched, before);
            Assert.Equal(listed, await subject.ListAsync());
        }
    }

    [Fact]
    public Task Killed_again_and_again_it_ends_where_it_is_sent() => SeededRandom.RunManyAsync(Wanderings, async random =>
    {
        await using var subject = await MakeSubjectAsync();
        var stoodThere = random.Next(4) > 0;
        var listed = await subject.ListAsync();
        if (stoodThere)
        {
            await subject.MakeLiveAsync(Old);
            listed = await subject.ListAsync();
        }
        var before = stoodThere ? Old : null;
        var (record, _) = await StageAsync(subject, live: null);
        for (var kills = random.Next(8); kills > 0; kills--)
        {
            var operation = random.Next(2) == 0 ? Operation.Exchange : Operation.Undo;
            await KillAfterAsync(subject, record, operation, random.Next(1, 8));
            if (record.IsAtomic)
            {
                var state = await Reopen(subject, record).LookAsync(Cancellation);
                Assert.Equal(state == ExchangeState.Exchanged ? New : before, await subject.ReadLiveAsync());
            }
        }
        var forward = random.Next(2) == 0;
        await RunAsync(Reopen(subject, record), forward ? Operation.Exchange : Operation.Undo);
        await AssertAsync(
            subject, Reopen(subject, record), forward ? ExchangeState.Exchanged : ExchangeState.Beside, forward ? New : before);
        for (var kills = random.Next(4); kills > 0; kills--)
        {
            await KillAfterAsync(subject, record, Operation.Forget, random.Next(1, 8));
            Assert.Equal(forward ? New : before, await subject.ReadLiveAsync());
        }
        await Reopen(subject, record).ForgetAsync(Cancellation);
        await AssertAsync(subject, Reopen(subject, record), ExchangeState.Untouched, forward ? New : before);
        if (stoodThere || !forward)
        {
            Assert.Equal(listed, await subject.ListAsync());
        }
    });

    public enum Operation
    {
        Exchange,
        Undo,
        Forget,
    }

    /// <summary>
    /// Which operation is killed, which follows, and whether something stood there. Before <see cref="Operation.Forget"/> the second one is
    /// done.
    /// </summary>
    public static TheoryData<Operation, Operation, bool> Kills()
    {
        var data = new TheoryData<Operation, Operation, bool>();
        foreach (var killed in Enum.GetValues<Operation>())
        {
            foreach (var then in new[] { Operation.Exchange, Operation.Undo })
            {
                data.Add(killed, then, true);
                data.Add(killed, then, false);
            }
        }
        return data;
    }

    /// <summary>A record has been through the journal.</summary>
    protected static IExchange Reopen(IExchangeSubject subject, ExchangeRecord record, Action<string>? afterCall = null) =>
        subject.Open(JsonSerializer.Deserialize<ExchangeRecord>(JsonSerializer.Serialize(record))!, afterCall);

    /// <summary>Plans and restores beside.</summary>
    /// <param name="live">What is put live before; null leaves it as it is.</param>
    protected static async Task<(ExchangeRecord Record, IExchange Exchange)> StageAsync(IExchangeSubject subject, string? live)
    {
        if (live is not null)
        {
            await subject.MakeLiveAsync(live);
        }
        var record = await subject.PlanAsync();
        var exchange = subject.Open(record);
        await subject.StageAsync(exchange, record, New);
        return (record, exchange);
    }

    private static async Task AssertAsync(IExchangeSubject subject, IExchange exchange, ExchangeState state, string? live)
    {
        Assert.Equal(state, await exchange.LookAsync(Cancellation));
        Assert.Equal(live, await subject.ReadLiveAsync());
    }

    /// <summary>False where the operation came to its end before.</summary>
    private static async Task<bool> KillAfterAsync(IExchangeSubject subject, ExchangeRecord record, Operation operation, int calls)
    {
        var done = 0;
        var exchange = Reopen(subject, record, _ =>
        {
            if (++done == calls)
            {
                throw new KilledException();
            }
        });
        try
        {
            await RunAsync(exchange, operation);
            return false;
        }
        catch (KilledException)
        {
            return true;
        }
    }

    private static Task RunAsync(IExchange exchange, Operation operation) => operation switch
    {
        Operation.Exchange => exchange.ExchangeAsync(Cancellation),
        Operation.Undo => exchange.UndoAsync(Cancellation),
        _ => exchange.ForgetAsync(Cancellation),
    };
}
