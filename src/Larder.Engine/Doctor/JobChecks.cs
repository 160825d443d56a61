using Larder.Engine.Backups;
using Larder.Engine.Configuration;
using Larder.Engine.Drills;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Engine.Servers;
using Larder.Sources;
using Larder.Sources.Throwaway;

namespace Larder.Engine.Doctor;

/// <summary>One job: does each source answer, and is there a good backup that is fresh?</summary>
internal sealed class JobChecks(DoctorSurroundings surroundings, EngineContext context, JobSettings job)
{
    // A look without side effects takes milliseconds; who takes this long hangs.
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<DoctorCheck>> SourcesAsync(CancellationToken cancellationToken)
    {
        var checks = new List<DoctorCheck>();
        foreach (var source in job.Sources)
        {
            var (check, version) = await ProbeAsync(source, cancellationToken);
            checks.Add(check);
            if (job.Drill is { } drill && DumpEngines.IsServer(source.Engine) && !drill.Servers.ContainsKey(source.Name))
            {
                checks.Add(DrillPrograms(source, drill, version));
            }
        }
        return checks;
    }

    /// <param name="backups">All that could be read.</param>
    /// <param name="isAll">Whether every repository could be read.</param>
    public DoctorCheck Freshness(IEnumerable<Backup> backups, bool isAll)
    {
        var check = new DoctorCheck { Area = "backups", Subject = job.Name, Status = DoctorStatus.Ok, Message = "" };
        var now = surroundings.Clock.GetUtcNow();
        var newest = backups.Where(backup => backup.Job == job.Name && backup.CreatedAt <= now)
            .Where(backup => BackupSurvey.IsGood(backup) && !backup.IsSafety)
            .MaxBy(backup => backup.CreatedAt);
        if (newest is null)
        {
            return check with
            {
                Status = DoctorStatus.Warning,
                Message = isAll ? "There is no good backup yet." : "There is no good backup in the repositories that could be read.",
                Advice = $"Run \"larder backup {job.Name}\".",
            };
        }
        var age = now - newest.CreatedAt;
        var isFresh = age <= surroundings.FreshFor;
        return check with
        {
            Status = isFresh ? DoctorStatus.Ok : DoctorStatus.Warning,
            Message = $"The newest good backup is {newest.ShortId} of {newest.Timestamp}, {SpanText.Of(age)} old.",
            Advice = isFresh ? null : $"Run \"larder backup {job.Name}\", and look why no good backup was made since.",
        };
    }

    /// <param name="version">The live server's, which the next backup will have; null where it did not answer.</param>
    private DoctorCheck DrillPrograms(SourceSettings source, DrillSettings drill, string? version)
    {
        var check = new DoctorCheck { Area = "drill", Subject = $"{job.Name}/{source.Name}", Status = DoctorStatus.Ok, Message = "" };
        try
        {
            var found = ThrowawayServer.FindPrograms(new ThrowawayRequest
            {
                Engine = source.Engine,
                DumpedVersion = version,
                ProgramFolder = drill.Programs.GetValueOrDefault(source.Engine),
                ParentFolder = DrillPlace.Of(drill),
            });
            return check with { Message = $"A drill can start a server of its own ({found})." };
        }
        catch (SourceException e)
        {
            var error = ErrorTable.Describe(e, new ErrorContext { Job = job.Name, Source = source.Name });
            return check with { Status = DoctorStatus.Problem, Message = $"{error.Code} {error.Message}", Advice = error.Hint };
        }
    }

    private async Task<(DoctorCheck Check, string? Version)> ProbeAsync(SourceSettings settings, CancellationToken cancellationToken)
    {
        var check = new DoctorCheck { Area = "source", Subject = $"{job.Name}/{settings.Name}", Status = DoctorStatus.Ok, Message = "" };
        var answer = await SourceAnswer.AskAsync(context, job, settings, ProbeTimeout, cancellationToken);
        if (answer.Error is { } error)
        {
            return (check with { Status = DoctorStatus.Problem, Message = $"{error.Code} {error.Message}", Advice = error.Hint }, null);
        }
        if (answer.Probe is not { } probe)
        {
            return (
                check with
                {
                    Status = DoctorStatus.Problem,
                    Message = $"The {settings.Engine} source did not answer within {SpanText.Of(ProbeTimeout)}.",
                    Advice = "Check whether its server runs, or whether its disk hangs.",
                },
                null);
        }
        var about = probe.EstimatedBytes is { } bytes ? $", about {ByteSize.Format(bytes)}" : "";
        var engine = probe.EngineVersion is { } version ? $" (version {version}{about})" : "";
        return (check with { Message = $"The {settings.Engine} source can be read{engine}." }, probe.EngineVersion);
    }
}
