using Larder.Engine.Catalog;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>What the service says of itself. Numbers are stable; secrets are in none.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Larder {Version} serves at {Addresses}. Jobs: {Jobs}.")]
    public static partial void Serving(this ILogger log, string version, string addresses, int jobs);

    [LoggerMessage(2, LogLevel.Information, "Stopping.")]
    public static partial void Stopping(this ILogger log);

    [LoggerMessage(3, LogLevel.Information, "Waiting for {Count} runs, {Seconds} s at most.")]
    public static partial void WaitingForRuns(this ILogger log, int count, double seconds);

    [LoggerMessage(10, LogLevel.Information, "{Kind} of job {Job} begins as run {RunId}. {Why}")]
    public static partial void Begun(this ILogger log, RunKind kind, string? job, string runId, string why);

    [LoggerMessage(11, LogLevel.Information, "{Kind} of job {Job}, run {RunId}, has ended: {Status}. {Message}")]
    public static partial void Ended(this ILogger log, RunKind kind, string? job, string runId, string status, string message);

    [LoggerMessage(12, LogLevel.Information, "Run {RunId} is cancelled by {By}.")]
    public static partial void Cancelling(this ILogger log, string runId, string by);

    [LoggerMessage(13, LogLevel.Warning, "Job {Job} is at work in another process; run {RunId} waits for it.")]
    public static partial void Busy(this ILogger log, string? job, string runId);

    [LoggerMessage(14, LogLevel.Error, "{Message}")]
    public static partial void CatalogFailed(this ILogger log, string message);

    [LoggerMessage(15, LogLevel.Error, "Run {RunId} was put in by another version of Larder and is left alone.")]
    public static partial void UnknownWork(this ILogger log, string runId);

    [LoggerMessage(16, LogLevel.Warning, "{Message}")]
    public static partial void Warned(this ILogger log, string message);

    [LoggerMessage(20, LogLevel.Information, "Run of {Key}: {Why}")]
    public static partial void Due(this ILogger log, string key, string why);

    [LoggerMessage(21, LogLevel.Error, "The schedules could not be looked at: {Message}")]
    public static partial void LookFailed(this ILogger log, string message);

    [LoggerMessage(30, LogLevel.Information, "The configuration was read again ({Reason}).")]
    public static partial void Reloaded(this ILogger log, string reason);

    [LoggerMessage(31, LogLevel.Error, "The configuration has {Count} problems, so the one before stays ({Reason}):\n{Problems}")]
    public static partial void ReloadRefused(this ILogger log, int count, string reason, string problems);

    [LoggerMessage(32, LogLevel.Warning, "{Key} counts from the next start of the service.")]
    public static partial void NeedsRestart(this ILogger log, string key);
}
