using Larder.Engine.Catalog;

namespace Larder.Engine.Monitoring;

/// <summary>When a disk will be full if it goes on as of late.</summary>
/// <param name="BytesPerDay">How much more is used each day.</param>
/// <param name="FullIn">From the last sample on.</param>
public sealed record DiskForecast(double BytesPerDay, TimeSpan FullIn)
{
    /// <summary>How far back growth counts as recent.</summary>
    public static readonly TimeSpan Recent = TimeSpan.FromDays(14);

    private static readonly TimeSpan SpanMin = TimeSpan.FromHours(12);
    private const int SamplesMin = 3;

    // Further ahead nobody plans, and a slope near zero would overflow.
    private const double DaysMax = 3650;

    /// <summary>A straight line through the samples by least squares; null where there are too few, or it does not grow.</summary>
    public static DiskForecast? Compute(IReadOnlyList<DiskSample> samples)
    {
        if (samples.Count < SamplesMin || samples[^1].At - samples[0].At < SpanMin)
        {
            return null;
        }
        var last = samples[^1];
        var recent = samples.Where(sample => last.At - sample.At <= Recent).ToList();
        var x = recent.Select(sample => (sample.At - last.At).TotalDays).ToList();
        var (meanX, meanY) = (x.Average(), recent.Average(sample => (double)sample.UsedBytes));
        var spread = x.Sum(value => (value - meanX) * (value - meanX));
        if (spread <= 0)
        {
            return null;
        }
        var slope = x.Zip(recent, (value, sample) => (value - meanX) * (sample.UsedBytes - meanY)).Sum() / spread;
        if (slope <= 0)
        {
            return null;
        }
        var days = (last.TotalBytes - last.UsedBytes) / slope;
        return days > DaysMax ? null : new DiskForecast(slope, TimeSpan.FromDays(Math.Max(0, days)));
    }
}
