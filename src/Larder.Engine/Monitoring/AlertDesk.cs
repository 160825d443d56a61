using Larder.Engine.Monitoring.Channels;

namespace Larder.Engine.Monitoring;

/// <summary>
/// Tells people how things stand: decides for each channel, sends to all of them side by side, notes who knows, and tells the others where
/// one of them cannot be reached. Never throws but for cancellation: that somebody cannot be told breaks nothing else.
/// </summary>
public sealed class AlertDesk
{
    // Of all desks of a process, since a daemon has one for each run and one for its looks: what two of them found at once is told once.
    private static readonly SemaphoreSlim OneAtATime = new(1);

    private readonly IReadOnlyList<AlertRoute> routes;
    private readonly AlertBook book;
    private readonly string host;
    private readonly TimeProvider clock;
    private readonly Action<string> warn;

    /// <param name="routes">Where to.</param>
    /// <param name="book">Who knows what.</param>
    /// <param name="host">Whose name stands in the messages.</param>
    /// <param name="clock">Times, waits between attempts, and their bounds.</param>
    /// <param name="warn">Told, in whole sentences, what could not be sent.</param>
    public AlertDesk(IReadOnlyList<AlertRoute> routes, AlertBook book, string host, TimeProvider clock, Action<string> warn) =>
        (this.routes, this.book, this.host, this.clock, this.warn) = (routes, book, host, clock, warn);

    /// <summary>Told of every notice that was sent, or could not be: for the log of alerts.</summary>
    public Action<Notice, string, DeliveryException?>? Sent { get; init; }

    /// <summary>Tells of how things stand. What nobody asked for, or what they know already, is only noted.</summary>
    public async Task TellAsync(IReadOnlyList<Condition> conditions, CancellationToken cancellationToken)
    {
        await OneAtATime.WaitAsync(cancellationToken);
        try
        {
            var broken = new Dictionary<string, Condition>(StringComparer.Ordinal);
            foreach (var condition in conditions)
            {
                foreach (var state in await TellOneAsync(condition, except: null, cancellationToken))
                {
                    // That it failed once outweighs that it worked before, within the same round.
                    broken[state.Subject] = broken.GetValueOrDefault(state.Subject) is { IsWrong: true } worse ? worse : state;
                }
            }
            foreach (var state in broken.Values)
            {
                await TellOneAsync(state, except: state.Subject, cancellationToken);
            }
            book.Forget(clock.GetUtcNow());
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    /// <summary>Tells of something that happened and is no state, to the channels that take such events.</summary>
    public async Task TellAsync(Notice notice, CancellationToken cancellationToken)
    {
        await OneAtATime.WaitAsync(cancellationToken);
        try
        {
            var takers = routes.Where(
                route => AlertEvents.Takes(route.Settings, notice.Event) && AlertEvents.TakesJob(route.Settings, notice.Job));
            foreach (var state in await Task.WhenAll(takers.Select(route => SendAsync(route, notice, cancellationToken))))
            {
                await TellOneAsync(state, except: state.Subject, cancellationToken);
            }
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    /// <summary>Sends whatever the channel asked for, once and without a note.</summary>
    /// <exception cref="DeliveryException">It could not be sent.</exception>
    public Task TestAsync(AlertRoute route, CancellationToken cancellationToken) => Delivery.SendAsync(
        route.Sender,
        NewNotice() with
        {
            Title = "this is a test",
            Message = $"Larder on {host} can reach you by {route.Name}. Nothing is wrong.",
        },
        clock,
        cancellationToken);

    /// <summary>A notice of now, to be filled.</summary>
    public Notice NewNotice() => new()
    {
        Id = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N"),
        Event = AlertEvent.Success,
        Level = AlertLevel.Info,
        Key = "test:",
        Title = "",
        Message = "",
        Host = host,
        At = clock.GetLocalNow(),
    };

    /// <summary>That a channel reaches people: whoever was told otherwise is told this.</summary>
    public static Condition Works(string channel) => new()
    {
        Check = "channel",
        Subject = channel,
        Event = AlertEvent.Health,
        Level = AlertLevel.Info,
        Title = $"channel {channel}",
        Message = $"Alerts by {channel} arrive.",
        IsForEverybody = true,
    };

    /// <returns>How it stands with the channels that were used.</returns>
    private async Task<IReadOnlyList<Condition>> TellOneAsync(Condition condition, string? except, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var since = book.Note(condition, now);
        var sends = new List<Task<Condition>>();
        foreach (var route in routes.Where(route => route.Name != except && AlertEvents.TakesJob(route.Settings, condition.Job)))
        {
            var told = book.ToldTo(route.Name, condition.Key);
            var telling = AlertDecision.Decide(
                told,
                condition.Level,
                condition.IsForEverybody || AlertEvents.Takes(route.Settings, condition.Event),
                condition.IsForEverybody || AlertEvents.Takes(route.Settings, AlertEvent.Recovered),
                route.Settings.Cooldown,
                now);
            if (telling == Telling.Close)
            {
                book.NoteTold(condition.Key, route.Name, AlertDecision.After(told, telling, condition.Level, now), isSent: false);
            }
            else if (telling != Telling.Nothing)
            {
                var notice = NoticeOf(condition, telling, since);
                var after = AlertDecision.After(told, telling, condition.Level, now);
                sends.Add(SendAndNoteAsync(route, notice, condition, after, cancellationToken));
            }
        }
        return await Task.WhenAll(sends);
    }

    private async Task<Condition> SendAndNoteAsync(
        AlertRoute route, Notice notice, Condition condition, Told after, CancellationToken cancellationToken)
    {
        var state = await SendAsync(route, notice, cancellationToken);
        if (!state.IsWrong)
        {
            // Only what arrived was told: what did not is tried again when it is next looked at.
            book.NoteTold(condition.Key, route.Name, after, isSent: true);
        }
        return state;
    }

    private async Task<Condition> SendAsync(AlertRoute route, Notice notice, CancellationToken cancellationToken)
    {
        var state = Works(route.Name);
        try
        {
            await Delivery.SendAsync(route.Sender, notice, clock, cancellationToken);
            Sent?.Invoke(notice, route.Name, null);
            return state;
        }
        catch (DeliveryException e)
        {
            var failed = $"The alert \"{NoticeText.Head(notice)}\" could not be sent by {route.Name}: {e.Message}";
            warn(failed);
            if (notice.RunId is { } run)
            {
                book.NoteOnRun(run, failed);
            }
            Sent?.Invoke(notice, route.Name, e);
            return state with
            {
                Level = AlertLevel.Error,
                Title = $"alerts by {route.Name} do not arrive",
                Message = failed,
                Hint = $"Put it right, and try it with \"larder notify test {route.Name}\".",
            };
        }
    }

    private Notice NoticeOf(Condition condition, Telling telling, DateTimeOffset? since)
    {
        var notice = NewNotice() with
        {
            Event = condition.Event,
            Level = condition.Level,
            Key = condition.Key,
            Job = condition.Job,
            Title = condition.Title,
            Message = condition.Message,
            Hint = condition.Hint,
            RunId = condition.RunId,
            Facts = condition.Facts,
            Since = since,
        };
        return telling == Telling.Wrong ? notice : notice with { Event = AlertEvent.Recovered, Level = AlertLevel.Info };
    }
}
