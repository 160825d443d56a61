namespace Larder.Repository.Chunking;

/// <summary>The bounds of a chunk and the mean aimed at, in bytes.</summary>
public sealed record ChunkSizes(int MinBytes, int AverageBytes, int MaxBytes)
{
    public const int AverageBytesMin = 4 * 1024;
    public const int AverageBytesMax = 4 * 1024 * 1024;

    /// <summary>Never more, whatever the average: restic and the memory of those who read are meant for this.</summary>
    public const int BytesMax = 8 * 1024 * 1024;

    /// <summary>A quarter of the average to four times the average, at most 8 MiB.</summary>
    /// <param name="averageBytes">A power of two from 4 KiB to 4 MiB.</param>
    public static ChunkSizes Around(int averageBytes)
    {
        if (averageBytes is < AverageBytesMin or > AverageBytesMax || !int.IsPow2(averageBytes))
        {
            throw new ArgumentOutOfRangeException(
                nameof(averageBytes), averageBytes, "The average chunk size must be a power of two from 4 KiB to 4 MiB.");
        }
        return new ChunkSizes(averageBytes / 4, averageBytes, Math.Min(4 * averageBytes, BytesMax));
    }
}
