namespace Larder.Engine.BackingUp;

/// <summary>What was stored of a source.</summary>
internal sealed class StoredFigures
{
    public long Files { get; private set; }

    public long UnchangedFiles { get; private set; }

    public long SkippedFiles { get; private set; }

    /// <summary>Bytes of content, unchanged files included.</summary>
    public long Bytes { get; private set; }

    public void CountRead(long bytes)
    {
        Files++;
        Bytes += bytes;
    }

    public void CountUnchanged(long bytes)
    {
        Files++;
        UnchangedFiles++;
        Bytes += bytes;
    }

    public void CountSkipped() => SkippedFiles++;
}
