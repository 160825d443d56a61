using Larder.Engine.Configuration;
using Larder.Engine.Monitoring.Logs;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>Writes what the service logs to <c>scheduler.log</c> as well.</summary>
internal sealed class SchedulerLog(LogSettings settings, bool isDebug, TimeProvider clock) : ILoggerProvider
{
    // Its own warning, that the file cannot be written, goes nowhere: the same line is on stderr.
    private readonly LogBooks books = new(settings, clock, _ => { }) { IsDebug = isDebug };

    public ILogger CreateLogger(string categoryName) => new Lines(books);

    public void Dispose()
    {
        // Each line is written through.
    }

    private sealed class Lines(LogBooks books) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            books.OfScheduler(
                logLevel switch
                {
                    LogLevel.Trace or LogLevel.Debug => "DEBUG",
                    LogLevel.Information => "INFO",
                    LogLevel.Warning => "WARNING",
                    LogLevel.Error => "ERROR",
                    _ => "CRITICAL",
                },
                exception is null ? formatter(state, exception) : $"{formatter(state, exception)} {exception.Message}");
    }
}
