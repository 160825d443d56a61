namespace Larder.Engine.Catalog;

/// <summary>How full the disks of repositories were, for a look ahead.</summary>
public sealed class DiskSamples(CatalogDatabase catalog)
{
    /// <summary>Since a moment, oldest first.</summary>
    public IReadOnlyList<DiskSample> Of(string repository, DateTimeOffset since) => catalog.Query(
        "SELECT at, used_bytes, total_bytes FROM disk_samples WHERE repository = $repository AND at >= $since ORDER BY at",
        row => new DiskSample(CatalogDatabase.Time(row.GetString(0)), row.GetInt64(1), row.GetInt64(2)),
        ("$repository", repository),
        ("$since", CatalogDatabase.Text(since)));

    /// <summary>Adds one, and forgets those from before a moment.</summary>
    public void Add(string repository, DiskSample sample, DateTimeOffset forgetBefore)
    {
        catalog.Execute(
            "INSERT OR REPLACE INTO disk_samples (repository, at, used_bytes, total_bytes) VALUES ($repository, $at, $used, $total)",
            ("$repository", repository),
            ("$at", CatalogDatabase.Text(sample.At)),
            ("$used", sample.UsedBytes),
            ("$total", sample.TotalBytes));
        catalog.Execute("DELETE FROM disk_samples WHERE at < $before", ("$before", CatalogDatabase.Text(forgetBefore)));
    }
}

public sealed record DiskSample(DateTimeOffset At, long UsedBytes, long TotalBytes);
