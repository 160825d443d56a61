using Larder.Engine.Configuration;

namespace Larder.Engine.Monitoring.Checks;

/// <summary>How full are the disks of repositories, and when will they be full?</summary>
internal static class DiskCheck
{
    // Below this nothing can be written safely any more, whatever the share is.
    private const long FreeBytesMin = 100L << 20;

    public static IEnumerable<Condition> Of(RepositoryFacts repository, Thresholds limits)
    {
        if (repository.Disk is not { TotalBytes: > 0 } disk)
        {
            yield break;
        }
        var (percent, free) = (100.0 * disk.UsedBytes / disk.TotalBytes, disk.TotalBytes - disk.UsedBytes);
        var level = Level(percent, free, limits.DiskUsagePercentMax);
        var about = $"The disk of repository \"{repository.Name}\" is {percent:0.0} % full, {ByteSize.Format(free)} are free.";
        var hint = $"Make room there: \"larder cleanup --dry-run\" shows what retention would free; or keep fewer backups in it.";
        yield return new Condition
        {
            Check = "disk",
            Subject = repository.Name,
            Event = AlertEvent.Health,
            Level = level,
            Title = level == AlertLevel.Info ? $"disk of {repository.Name}" : $"the disk of {repository.Name} is {percent:0} % full",
            Message = about,
            Hint = level == AlertLevel.Info ? null : hint,
            Facts = [new NoticeFact("Used", $"{percent:0.0} %"), new NoticeFact("Free", ByteSize.Format(free))],
        };
        yield return Ahead(repository, limits, about, hint);
    }

    private static AlertLevel Level(double percent, long free, int most)
    {
        if (percent < most)
        {
            return AlertLevel.Info;
        }

        // Two thirds of the way from the threshold to full: 95 % where it is 85 %.
        var serious = most + ((100 - most) * 2 / 3.0);
        return free < FreeBytesMin ? AlertLevel.Critical : percent >= serious ? AlertLevel.Error : AlertLevel.Warning;
    }

    private static Condition Ahead(RepositoryFacts repository, Thresholds limits, string about, string hint)
    {
        var condition = new Condition
        {
            Check = "forecast",
            Subject = repository.Name,
            Event = AlertEvent.Health,
            Level = AlertLevel.Info,
            Title = $"room on the disk of {repository.Name}",
            Message = about,
        };
        if (DiskForecast.Compute(repository.History) is not { } forecast)
        {
            return condition;
        }
        var message = $"{about} It grows by {ByteSize.Format((long)forecast.BytesPerDay)} a day and will be full in "
            + $"{SpanText.Of(forecast.FullIn)}.";
        return forecast.FullIn > limits.DiskFullWithin
            ? condition with { Message = message }
            : condition with
            {
                Level = forecast.FullIn <= TimeSpan.FromDays(1) ? AlertLevel.Error : AlertLevel.Warning,
                Title = $"the disk of {repository.Name} will be full in {SpanText.Of(forecast.FullIn)}",
                Message = message,
                Hint = hint,
            };
    }
}
