using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Monitoring;

/// <summary>
/// What is not well and who knows, in the catalog, so that it survives restarts. Where the catalog cannot be used it is kept in memory:
/// then more may be told than is new, and never less.
/// </summary>
public sealed class AlertBook
{
    // What is over is kept as history for so long.
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(90);

    private readonly Func<CatalogDatabase?> open;
    private readonly Action<string> warn;
    private readonly Dictionary<string, AlertRow> rows = [];
    private readonly Dictionary<(string Key, string Channel), AlertChannelRow> told = [];
    private readonly Lock oneAtATime = new();
    private bool isInMemory;

    /// <param name="open">Opens the catalog when it is first needed, and is not its owner; null where there is none.</param>
    /// <param name="warn">Told once where the catalog cannot be used.</param>
    public AlertBook(Func<CatalogDatabase?> open, Action<string> warn) => (this.open, this.warn) = (open, warn);

    public AlertRow? Find(string key) => Try(catalog => new AlertTable(catalog).Find(key), () => rows.GetValueOrDefault(key));

    /// <summary>Those that stand.</summary>
    public IReadOnlyList<AlertRow> Standing() =>
    [
        .. Try(catalog => new AlertTable(catalog).All(), () => [.. rows.Values]).Where(row => row.ResolvedAt is null),
    ];

    public Told? ToldTo(string channel, string key)
    {
        var row = Try(
            catalog => new AlertTable(catalog).ChannelsOf(key).FirstOrDefault(each => each.Channel == channel),
            () => told.GetValueOrDefault((key, channel)));
        return row is null ? null : new Told(row.ToldAt, EnumWord.Find<AlertLevel>(row.ToldLevel) ?? default, row.IsOpen);
    }

    /// <summary>Notes how it stands, before anybody is told.</summary>
    /// <returns>Since when it is not well; null where it is well and was.</returns>
    public DateTimeOffset? Note(Condition condition, DateTimeOffset now)
    {
        var known = Find(condition.Key);
        if (!condition.IsWrong)
        {
            if (known is { ResolvedAt: null })
            {
                Save(known with { ResolvedAt = now, LastSeen = now });
            }
            return known is { ResolvedAt: null } ? known.Since : null;
        }
        var since = known is { ResolvedAt: null } ? known.Since : now;
        Save(new AlertRow
        {
            Key = condition.Key,
            Event = EnumWord.Of(condition.Event),
            Level = EnumWord.Of(condition.Level),
            Job = condition.Job,
            Title = condition.Title,
            Message = condition.Message,
            Hint = condition.Hint,
            Since = since,
            LastSeen = now,
            LastSent = known?.LastSent,
        });
        return since;
    }

    public void NoteTold(string key, string channel, Told now, bool isSent)
    {
        var row = new AlertChannelRow(key, channel, now.At, EnumWord.Of(now.Level), now.IsOpen);
        Do(catalog => new AlertTable(catalog).Save(row), () => told[(key, channel)] = row);
        if (isSent && Find(key) is { } known)
        {
            Save(known with { LastSent = now.At });
        }
    }

    /// <summary>Notes on a run that an alert of it could not be sent.</summary>
    public void NoteOnRun(string runId, string message) => Do(
        catalog =>
        {
            if (catalog.FindRun(runId) is not null)
            {
                catalog.AppendEvent(runId, EventLevel.Warning, message);
            }
        },
        () => { });

    public void Forget(DateTimeOffset now) => Do(catalog => new AlertTable(catalog).Forget(now - KeptFor), () => { });

    private void Save(AlertRow row) => Do(catalog => new AlertTable(catalog).Save(row), () => rows[row.Key] = row);

    private void Do(Action<CatalogDatabase> write, Action inMemory) => Try<object?>(
        catalog =>
        {
            write(catalog);
            return null;
        },
        () =>
        {
            inMemory();
            return null;
        });

    private T Try<T>(Func<CatalogDatabase, T> use, Func<T> inMemory)
    {
        lock (oneAtATime)
        {
            try
            {
                if (!isInMemory && open() is { } catalog)
                {
                    return use(catalog);
                }
            }
            catch (LarderException e)
            {
                isInMemory = true;
                warn($"{e.Message} Alerts go on, but who was told what is not kept.");
            }
            return inMemory();
        }
    }
}
