using System.Globalization;
using Larder.Sources.Dumps;
using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Runs the stock pg_restore on a dump of which only the tables of contents lie on this machine. It makes everything, in its own order; the
/// rows are loaded beside it, and large objects come to it by pipes.
/// </summary>
internal sealed class ArchiveRestore(TargetServer server, PostgreSqlTools tools, TimeProvider clock)
{
    // What is restored beside the live data is made durable by the renaming at the end, whose commit flushes all that was logged before it.
    private const string Unhurried = "-c synchronous_commit=off";

    // A server helps itself with two more processes at each index. Where its processors are all at work, that costs a fifth more of them.
    private const string Unhelped = "-c max_parallel_maintenance_workers=0";

    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// Restores a table of contents into a database, several entries at once. Fails with <see cref="SourceException"/>; the database is
    /// then in no particular state, and nothing runs any more.
    /// </summary>
    /// <param name="dump">Where the files are.</param>
    /// <param name="database">The dump's database, for its files.</param>
    /// <param name="toc">What to restore of it.</param>
    /// <param name="target">The database to restore into.</param>
    /// <param name="jobs">How many entries at once.</param>
    /// <param name="advance">Told how many bytes more were handed over.</param>
    /// <param name="cancellationToken">Ends pg_restore.</param>
    /// <returns>How many rows each data file held.</returns>
    public async Task<IReadOnlyDictionary<string, long>> RunAsync(
        IStoredDump dump,
        StoredDatabase database,
        ArchiveToc toc,
        string target,
        int jobs,
        Action<long> advance,
        CancellationToken cancellationToken)
    {
        toc = TocSchedule.BySize(toc, database.CountBytes);
        using var folder = new PipeFolder();
        await using var loader = new TableLoader(server, target, dump, database, advance);
        await FillAsync(folder, dump, database, toc, advance, cancellationToken);

        // In this order: pg_restore must be gone before its pipes are closed.
        await using var feed = new RestoreFeed(dump, database, toc, folder, loader, advance, clock);
        var options = AreProcessorsTaken(database, toc, jobs) ? $"{Unhurried} {Unhelped}" : Unhurried;
        await using var process = ToolProcess.Start(Prepare(folder, feed, target, jobs, options), clock);
        await process.Output.CompleteAsync();
        var completion = process.CompleteAsync(cancellationToken);
        if (await Task.WhenAny(completion, feed.Failure) != completion
            && feed.Failure.Exception?.InnerException is not ReaderGoneException) // Then pg_restore has failed, and says why.
        {
            await feed.Failure;
        }
        await completion;
        return feed.Rows;
    }

    private static async Task FillAsync(
        PipeFolder folder,
        IStoredDump dump,
        StoredDatabase database,
        ArchiveToc toc,
        Action<long> advance,
        CancellationToken cancellationToken)
    {
        var contents = TocSignals.InsteadOfRows(toc).ToBytes();
        await using (var file = File.Create(folder[DatabaseFolder.TocFile]))
        {
            await file.WriteAsync(contents, cancellationToken);
        }
        foreach (var entry in toc.Entries.Where(entry => entry.HasData))
        {
            if (entry.Kind == TocEntry.LargeObjects)
            {
                await CopyListAsync(folder, dump, database.Files[entry.DataFile!], entry.DataFile!, cancellationToken);
                advance(database.CountBytes(entry));
            }
            else
            {
                folder.MakePipe(entry.DataFile!);
            }
        }
    }

    private static async Task CopyListAsync(
        PipeFolder folder, IStoredDump dump, StoredFile stored, string name, CancellationToken cancellationToken)
    {
        await using (var content = await dump.OpenAsync(stored.Path, cancellationToken))
        await using (var file = File.Create(folder[name]))
        {
            await content.CopyToAsync(file, cancellationToken);
        }
        using var list = File.OpenText(folder[name]);
        await foreach (var (_, blob) in LargeObjectList.ReadAsync(list, name, cancellationToken))
        {
            folder.MakePipe(blob);
        }
    }

    private ToolStart Prepare(PipeFolder folder, RestoreFeed feed, string target, int jobs, string options)
    {
        var start = server.Connection.Start(
            tools.Restore,
            target,
            "pg_restore",
            "--format=directory",
            "--exit-on-error",
            "--verbose", // It then says which entry it begins.
            string.Create(CultureInfo.InvariantCulture, $"--jobs={jobs}"),
            folder.FullPath);
        return start with
        {
            EndsWithUs = true,
            Timeout = Timeout,
            KeepErrorLine = new RestoreMessages(feed.Hear).Keep,
            Environment = new Dictionary<string, string>(start.Environment)
            {
                ["PGOPTIONS"] = $"{Environment.GetEnvironmentVariable("PGOPTIONS")} {options}".Trim(),
            },
        };
    }

    /// <summary>
    /// Whether the jobs alone keep the server's processors busy to the end: there are as many jobs, and no table is so large that the
    /// others are done long before it. Of a server elsewhere it is not known.
    /// </summary>
    private bool AreProcessorsTaken(StoredDatabase database, ArchiveToc toc, int jobs)
    {
        var bytes = toc.Entries.Select(database.CountBytes).ToList();
        return server.IsLocal && jobs >= Environment.ProcessorCount && bytes.DefaultIfEmpty().Max() * 2 * jobs <= bytes.Sum();
    }
}
