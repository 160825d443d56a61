using Larder.Engine.Configuration;
using Larder.Sources;

namespace Larder.Engine.BackingUp;

/// <summary>
/// What a backup would do: each selected source as a quick look finds it, and where it would go. Nothing is changed by it.
/// </summary>
public sealed record BackupPlan
{
    public required JobSettings Job { get; init; }

    public required IReadOnlyList<BackupPlanLine> Lines { get; init; }

    public IReadOnlyList<string> Repositories => Job.To;

    public static async Task<BackupPlan> ComputeAsync(EngineContext context, BackupRequest request, CancellationToken cancellationToken)
    {
        var job = context.JobOf(request.Job);
        var lines = new List<BackupPlanLine>();
        foreach (var source in request.SelectFrom(job))
        {
            lines.Add(await LookAsync(context, job, source, cancellationToken));
        }
        return new BackupPlan { Job = job, Lines = lines };
    }

    private static async Task<BackupPlanLine> LookAsync(
        EngineContext context, JobSettings job, SourceSettings source, CancellationToken cancellationToken)
    {
        try
        {
            var probe = await (await context.SourceFor(job, source, cancellationToken)).ProbeAsync(cancellationToken);
            return new BackupPlanLine(source.Name, source.Engine, probe.EngineVersion, probe.EstimatedBytes, null);
        }
        catch (SourceException e)
        {
            return new BackupPlanLine(source.Name, source.Engine, null, null, e.Message);
        }
    }
}

/// <summary>One source of a plan. <paramref name="Problem"/> is null where it can be read.</summary>
public sealed record BackupPlanLine(string Source, string Engine, string? EngineVersion, long? EstimatedBytes, string? Problem);
