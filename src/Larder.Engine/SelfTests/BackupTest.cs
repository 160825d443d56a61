using Larder.Engine.BackingUp;
using Larder.Engine.Configuration;
using Larder.Engine.Verify;
using Larder.Sources;

namespace Larder.Engine.SelfTests;

/// <summary>
/// The test `backup`: the smallest source of all jobs goes into a throwaway repository and is verified there to the last row.
/// </summary>
internal sealed class BackupTest(EngineContext context, RunProgress progress)
{
    public async Task<Verdict> ExecuteAsync(CancellationToken cancellationToken)
    {
        if (await SmallestAsync(cancellationToken) is not { } smallest)
        {
            return Verdict.Skipped("No source can be reached, so there is nothing to back up; the test database says why.");
        }
        var (job, source, bytes) = smallest;
        using var scratch = new Scratch();
        if (bytes > new DriveInfo(scratch.Folder).AvailableFreeSpace)
        {
            return Verdict.Skipped($"The smallest source, \"{source.Name}\" of job \"{job.Name}\", does not fit into {scratch.Folder}.");
        }
        var engine = scratch.Throwaway(context, job, source);
        await engine.Repositories.CreateAsync(engine.Repositories.Names.Single(), cancellationToken);
        var made = await new BackupRun(engine, new BackupRequest { Job = job.Name, AcceptEmpty = true }, progress)
            .ExecuteAsync(cancellationToken);
        var verified = await new VerifyRun(
            engine, new VerifyRequest { Level = VerifyLevel.Content, Backups = [made.Backup.BackupId] }, progress)
            .ExecuteAsync(cancellationToken);
        return Verdict.Of(
            [.. made.Warnings, .. verified.Errors.Select(error => $"{error.Code} {error.Message}")],
            $"Source \"{source.Name}\" of job \"{job.Name}\" was backed up into a throwaway repository and read back: "
            + $"{verified.Checked.Entries} files, {verified.Checked.Rows} rows.");
    }

    private async Task<(JobSettings Job, SourceSettings Source, long Bytes)?> SmallestAsync(CancellationToken cancellationToken)
    {
        var found = new List<(JobSettings Job, SourceSettings Source, long Bytes)>();
        foreach (var job in context.Configuration.Jobs.Values)
        {
            foreach (var source in job.Sources)
            {
                try
                {
                    var probe = await (await context.SourceFor(job, source, cancellationToken)).ProbeAsync(cancellationToken);
                    found.Add((job, source, probe.EstimatedBytes ?? long.MaxValue));
                }
                catch (SourceException)
                {
                    continue; // The test of databases tells of it.
                }
            }
        }
        var ordered = found.OrderBy(one => one.Bytes).ToList();
        return ordered.Count == 0 ? null : ordered[0] with { Bytes = ordered[0].Bytes == long.MaxValue ? 0 : ordered[0].Bytes };
    }
}
