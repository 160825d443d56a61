namespace Larder.Engine;

/// <summary>How far a run is. Workers count, a terminal looks; nobody waits for anybody.</summary>
public sealed class RunProgress
{
    private long doneBytes;
    private long totalBytes;

    /// <summary>What is being done, in a few words.</summary>
    public string Phase { get; set; } = "";

    public long DoneBytes => Interlocked.Read(ref doneBytes);

    /// <summary>About how many bytes there are in all; 0 where that cannot be known.</summary>
    public long TotalBytes => Interlocked.Read(ref totalBytes);

    public void Advance(long bytes) => Interlocked.Add(ref doneBytes, bytes);

    public void Expect(long bytes) => Interlocked.Add(ref totalBytes, bytes);

    /// <summary>Begins a phase that counts afresh.</summary>
    public void Begin(string phase, long expectedBytes)
    {
        Phase = phase;
        Interlocked.Exchange(ref doneBytes, 0);
        Interlocked.Exchange(ref totalBytes, expectedBytes);
    }
}
