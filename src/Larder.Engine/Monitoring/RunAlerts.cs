using System.Threading.Channels;
using Larder.Engine.Catalog;

namespace Larder.Engine.Monitoring;

/// <summary>
/// Tells of runs as they begin and end, beside them: a run waits for no mail server. What was heard is told in order; whoever ends the
/// program asks for <see cref="CompleteAsync"/> first.
/// </summary>
public sealed class RunAlerts : IDisposable
{
    private readonly AlertDesk desk;
    private readonly Action<string> warn;
    private readonly Channel<JournalNews> heard = Channel.CreateUnbounded<JournalNews>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource giveUp = new();
    private readonly Lock state = new();
    private Task? telling;

    public RunAlerts(AlertDesk desk, Action<string> warn) => (this.desk, this.warn) = (desk, warn);

    /// <summary>Returns at once. Events within a run are not alerts.</summary>
    public void Hear(JournalNews news)
    {
        if (news is JournalNews.Noted)
        {
            return;
        }
        lock (state)
        {
            if (heard.Writer.TryWrite(news))
            {
                telling ??= Task.Run(() => TellAllAsync(giveUp.Token));
            }
        }
    }

    /// <summary>Waits until everybody knows, for a bounded time. Nothing can be heard afterwards.</summary>
    public async Task CompleteAsync(TimeSpan patience, TimeProvider clock)
    {
        Task? last;
        lock (state)
        {
            heard.Writer.TryComplete();
            last = telling;
        }
        if (last is null)
        {
            return;
        }
        try
        {
            await last.WaitAsync(patience, clock);
        }
        catch (TimeoutException)
        {
            await giveUp.CancelAsync();
            await last;
            warn($"Alerts could not be sent within {SpanText.Of(patience)}; they are told when this is next looked at.");
        }
    }

    /// <summary>After <see cref="CompleteAsync"/>.</summary>
    public void Dispose() => giveUp.Dispose();

    private async Task TellAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var news in heard.Reader.ReadAllAsync(cancellationToken))
            {
                await TellAsync(news, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Patience is at an end; whoever waits says so.
        }
        catch (Exception e)
        {
            // Nobody waits for this task but the end of the program, and an alert that was lost in silence would be the worst of all.
            warn($"Alerts of runs are no longer sent, because of a fault: {e.Message}");
        }
    }

    private async Task TellAsync(JournalNews news, CancellationToken cancellationToken)
    {
        switch (news)
        {
            case JournalNews.Began:
                await desk.TellAsync(RunOutcome.StartNotice(desk.NewNotice(), news.Run), cancellationToken);
                break;
            case JournalNews.Ended { Result: var result }:
                if (RunOutcome.ConditionOf(news.Run, result) is { } condition)
                {
                    await desk.TellAsync([condition], cancellationToken);
                }
                if (result.Status is RunStatus.Success or RunStatus.Cancelled || news.Run.Kind is RunKind.Restore or RunKind.Rollback)
                {
                    await desk.TellAsync(RunOutcome.EventNotice(desk.NewNotice(), news.Run, result), cancellationToken);
                }
                break;
        }
    }
}
