namespace Larder.Daemon;

/// <summary>A run that is being executed, and the way to end it.</summary>
internal sealed class Running(QueueEntry entry) : IDisposable
{
    private readonly CancellationTokenSource stop = new();

    public QueueEntry Entry { get; } = entry;

    public CancellationToken Token => stop.Token;

    public Task Completion { get; set; } = Task.CompletedTask;

    public void Cancel()
    {
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    public void Dispose() => stop.Dispose();
}
