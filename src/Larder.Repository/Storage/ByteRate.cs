namespace Larder.Repository.Storage;

/// <summary>
/// A token bucket kept as the moment when it is next full: whoever passes is let through at that moment and moves it on by its own bytes.
/// Callers pass in the order in which they asked.
/// </summary>
/// <param name="bytesPerSecond">0 for no limit.</param>
internal sealed class ByteRate(long bytesPerSecond, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly long startedAt = time.GetTimestamp();
    private double freeAtSeconds;

    public long BytesPerSecond => bytesPerSecond;

    /// <summary>Waits until the bytes that passed before are paid for.</summary>
    public async Task PassAsync(long bytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (bytesPerSecond == 0)
        {
            return;
        }
        var wait = Reserve(bytes);
        if (wait <= TimeSpan.Zero)
        {
            return;
        }
        try
        {
            await Task.Delay(wait, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            GiveBack(bytes); // Those behind keep their moment; those who come later gain it.
            throw;
        }
    }

    /// <summary>Bytes that were paid for and not moved.</summary>
    public void GiveBack(long bytes)
    {
        if (bytesPerSecond > 0)
        {
            lock (gate)
            {
                freeAtSeconds -= (double)bytes / bytesPerSecond;
            }
        }
    }

    private TimeSpan Reserve(long bytes)
    {
        lock (gate)
        {
            var now = time.GetElapsedTime(startedAt).TotalSeconds;
            var start = Math.Max(now, freeAtSeconds);
            freeAtSeconds = start + ((double)bytes / bytesPerSecond);
            return TimeSpan.FromSeconds(start - now);
        }
    }
}
