using System.Globalization;
using Larder.Engine;
using Larder.Engine.Configuration;

namespace Larder.Cli.Output;

/// <summary>
/// Shows how far a run is: a line redrawn in place on a terminal, and elsewhere a line now and then. It ends when disposed.
/// </summary>
internal sealed class ProgressLine : IAsyncDisposable
{
    /// <summary>How often a terminal is redrawn at most.</summary>
    public static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>How often a line is written where nobody watches.</summary>
    public static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(30);

    // A phase that is shorter than this is not worth a line in a log.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // The rate is that of the last seconds: an average over hours would hide that a disk has become slow.
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(10);

    private readonly RunProgress progress;
    private readonly Words words;
    private readonly TimeProvider clock;
    private readonly Func<int> columns;
    private readonly bool isTerminal;
    private readonly Queue<(long At, long Bytes)> samples = new();
    private readonly Lock gate = new();
    private readonly ITimer? timer;
    private string phase = "";
    private string writtenPhase = "";
    private long writtenAt;
    private bool isDone;

    public ProgressLine(RunProgress progress, Words words, bool isTerminal, Func<int> columns, TimeProvider clock)
    {
        (this.progress, this.words, this.isTerminal, this.columns, this.clock) = (progress, words, isTerminal, columns, clock);
        writtenAt = clock.GetTimestamp();
        if (!words.IsQuiet)
        {
            var interval = isTerminal ? RedrawInterval : LookInterval;
            timer = clock.CreateTimer(_ => Show(), null, interval, interval);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (timer is not null)
        {
            await timer.DisposeAsync();
        }
        lock (gate)
        {
            isDone = true;
        }
        words.ClearLine();
    }

    /// <summary>One line: phase, done of total, share, rate, time left; what is not known is left away.</summary>
    internal static string Compose(string phase, long done, long total, double bytesPerSecond)
    {
        var parts = new List<string>();
        if (done > 0 || total > 0)
        {
            parts.Add(total > 0 ? $"{ByteSize.Format(done)} of {ByteSize.Format(Math.Max(total, done))}" : ByteSize.Format(done));
        }
        if (total > 0)
        {
            // 100 % is said by the result, not by an estimate.
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{Math.Clamp(done * 100 / Math.Max(total, 1), 0, 99)} %"));
        }
        if (bytesPerSecond >= 1)
        {
            parts.Add($"{ByteSize.Format((long)bytesPerSecond)}/s");
        }
        if (bytesPerSecond >= 1 && total > done)
        {
            parts.Add(
                $"{DurationText.Format(TimeSpan.FromSeconds(Math.Ceiling(Math.Min((total - done) / bytesPerSecond, 8640000))))} left");
        }
        return parts.Count == 0 ? phase : $"{(phase.Length > 0 ? $"{phase}: " : "")}{string.Join(", ", parts)}";
    }

    private void Show()
    {
        lock (gate)
        {
            if (isDone)
            {
                return;
            }
            var now = clock.GetTimestamp();
            var (phaseNow, done) = (progress.Phase, progress.DoneBytes);
            if (phaseNow != phase || (samples.Count > 0 && done < samples.Last().Bytes))
            {
                samples.Clear();
                phase = phaseNow;
            }
            samples.Enqueue((now, done));
            while (samples.Count > 2 && clock.GetElapsedTime(samples.Peek().At, now) > RateWindow)
            {
                samples.Dequeue();
            }
            var line = TextWidth.Plain(Compose(phaseNow, done, progress.TotalBytes, Rate(now, done)));
            if (line.Length == 0)
            {
                return;
            }
            if (isTerminal)
            {
                words.Redraw(TextWidth.Cut(line, Math.Max(columns() - 1, 10)));
            }
            else if (phaseNow != writtenPhase || clock.GetElapsedTime(writtenAt, now) >= LineInterval)
            {
                (writtenPhase, writtenAt) = (phaseNow, now);
                words.Say(line);
            }
        }
    }

    private double Rate(long now, long done)
    {
        var (at, bytes) = samples.Peek();
        var seconds = clock.GetElapsedTime(at, now).TotalSeconds;
        return seconds > 0 ? (done - bytes) / seconds : 0;
    }
}
