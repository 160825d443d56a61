using System.Globalization;
using Larder.Cli.Output;
using Larder.Engine.Browse;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder stats`.</summary>
internal static class StatsCommand
{
    public static LarderCommand Create() =>
        new("stats", "Show how much the repositories hold, and what deduplication and compression save.")
    {
        Run = RunAsync,
        TakesRepository = true,
        Examples = [new("larder stats", "all repositories"), new("larder stats --repository local --json", "one, for a program")],
        Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "An object with `repositories`, an array of `name`, `location`, `backups`, `snapshots`, `packs`, `blobs`, `stored_bytes`, "
            + "`restored_bytes`, `unique_bytes`, `dedup_ratio`, `compression_ratio`, `unused_bytes`, `oldest`, `newest`, "
            + "`free_disk_bytes`.",
    };

    private static async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var stats = await StatsReport.ComputeAsync(call.Engine, call.Repository, cancellationToken);
        call.Answer(
            () => BrowseJson.Write(stats), () => string.Join('\n', stats.Repositories.Select(repository => Page(repository, call.OutInk))));
        return ExitStatus.Done;
    }

    private static string Page(RepositoryStats stats, Ink ink)
    {
        var facts = new Table("", "");
        facts.AddPainted(1, ink.Bold, "repository", $"{stats.Name} at {stats.Location}");
        facts.Add("backups", $"{Show.Number(stats.Backups)} in {Show.Count(stats.Snapshots, "snapshot")}");
        if (stats.Oldest is { } oldest && stats.Newest is { } newest)
        {
            facts.Add("from", $"{Show.Moment(oldest, TimeZoneInfo.Local)} to {Show.Moment(newest, TimeZoneInfo.Local)}");
        }
        facts.Add("restored", $"{Show.Bytes(stats.RestoredBytes)} if every backup were restored");
        facts.Add(
            "unique", $"{Show.Bytes(stats.UniqueBytes)} in {Show.Count(stats.Blobs, "blob")}{Ratio(stats.DedupRatio, "deduplicated")}");
        facts.Add(
            "stored", $"{Show.Bytes(stats.StoredBytes)} in {Show.Count(stats.Packs, "pack")}{Ratio(stats.CompressionRatio, "compressed")}");
        if (stats.UnusedBytes is { } unused)
        {
            facts.Add("unused", $"{Show.Bytes(unused)} that a cleanup could free");
        }
        if (stats.FreeDiskBytes is { } free)
        {
            facts.Add("disk", $"{Show.Bytes(free)} free");
        }
        return facts.Render(ink);
    }

    private static string Ratio(double? ratio, string what) =>
        ratio is { } known ? string.Create(CultureInfo.InvariantCulture, $", {what} {known:0.0} : 1") : "";
}
