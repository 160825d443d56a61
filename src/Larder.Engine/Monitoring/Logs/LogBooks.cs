using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Monitoring.Channels;

namespace Larder.Engine.Monitoring.Logs;

/// <summary>
/// The log files: <c>backup.log</c> for runs, <c>scheduler.log</c> for the daemon, <c>alerts.log</c> for what people were told. That one
/// cannot be written is a warning, once, and stops nothing.
/// </summary>
public sealed class LogBooks
{
    private readonly LogSettings settings;
    private readonly TimeProvider clock;
    private readonly Action<string> warn;
    private readonly LogFile runs;
    private readonly LogFile scheduler;
    private readonly LogFile alerts;
    private int isBroken;

    /// <param name="settings">Where and how.</param>
    /// <param name="clock">The times of the lines.</param>
    /// <param name="warn">Told once where nothing can be written.</param>
    public LogBooks(LogSettings settings, TimeProvider clock, Action<string> warn)
    {
        (this.settings, this.clock, this.warn) = (settings, clock, warn);
        runs = Open("backup.log");
        scheduler = Open("scheduler.log");
        alerts = Open("alerts.log");
    }

    /// <summary>Whether lines of level DEBUG are written too.</summary>
    public bool IsDebug { get; init; }

    /// <summary>Gets every line too, in the form of systemd's journal; null where there is none.</summary>
    public TextWriter? Journal { get; init; }

    /// <summary>A line of the daemon.</summary>
    public void OfScheduler(string level, string message, params (string Name, string? Value)[] facts) =>
        Write(scheduler, level, message, facts);

    public void OfRun(JournalNews news)
    {
        (string, string?)[] facts = [("job", news.Run.Job), ("kind", EnumWord.Of(news.Run.Kind)), ("run_id", news.Run.Id)];
        var what = $"{EnumWord.Of(news.Run.Kind)}{(news.Run.Job is { } job ? $" of job \"{job}\"" : "")}";
        switch (news)
        {
            case JournalNews.Began:
                Write(runs, "INFO", $"The {what} begins.", [.. facts, ("trigger", news.Run.Trigger), ("by", news.Run.CreatedBy)]);
                break;
            case JournalNews.Noted { Level: var level, Message: var message }:
                Write(runs, level == EventLevel.Info ? "DEBUG" : EnumWord.Of(level).ToUpperInvariant(), message, facts);
                break;
            case JournalNews.Ended { Result: var result }:
                Write(
                    runs,
                    result.Status switch
                    {
                        RunStatus.Success => "INFO",
                        RunStatus.Failed => "ERROR",
                        _ => "WARNING",
                    },
                    $"The {what} ended: {EnumWord.Of(result.Status)}."
                    + (result.Error is { } error ? $" {error.Code} {error.Message}" : ""),
                    [
                        .. facts, ("backup_id", result.BackupId), ("size_bytes", $"{result.SizeBytes}"),
                        ("added_bytes", $"{result.AddedBytes}"),
                    ]);
                break;
        }
    }

    /// <summary>A line for a notice that was sent, or could not be.</summary>
    public void OfAlert(Notice notice, string channel, DeliveryException? failure) => Write(
        alerts,
        failure is null ? notice.Level.ToString().ToUpperInvariant() : "ERROR",
        failure is null ? $"{NoticeText.Head(notice)}: {notice.Message}" : $"{NoticeText.Head(notice)}: not sent. {failure.Message}",
        [("channel", channel), ("event", EnumWord.Of(notice.Event)), ("key", notice.Key), ("run_id", notice.RunId)]);

    private LogFile Open(string name) => new(Path.Combine(settings.Folder, name), settings.FileBytesMax, settings.Keep);

    private void Write(LogFile file, string level, string message, (string Name, string? Value)[] facts)
    {
        if (level == "DEBUG" && !IsDebug)
        {
            return;
        }
        var line = new LogLine
        {
            At = clock.GetLocalNow(),
            Level = level,
            Message = message,
            Facts = [.. facts.Where(fact => !string.IsNullOrEmpty(fact.Value))],
        };
        Journal?.Write(line.ToJournal());
        try
        {
            file.Append(settings.IsJson ? line.ToJson() : line.ToText());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (Interlocked.Exchange(ref isBroken, 1) == 0)
            {
                warn($"The log files in {settings.Folder} cannot be written: {e.Message} The work goes on without them.");
            }
        }
    }
}
