using Larder.Engine.Doctor;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Sources;

namespace Larder.Engine.SelfTests;

/// <summary>
/// Tries every part of this installation for real: programs, sources, a backup, its way back. Nothing that is live is written to, and
/// what is made is removed again. What fails is in the report; thrown is an interruption, and an unknown name.
/// </summary>
public sealed class SelfTestRun(DoctorSurroundings surroundings, EngineContext context, RunProgress progress)
{
    /// <summary>In the order in which <c>all</c> runs them.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["executable", "database", "backup", "integrity", "restore", "cleanup", "stats", "schedule"];

    /// <param name="name">One of <see cref="Names"/>, or <c>all</c>.</param>
    /// <param name="cancellationToken">Ends the test.</param>
    public async Task<SelfTestReport> ExecuteAsync(string name, CancellationToken cancellationToken)
    {
        var results = new List<SelfTestResult>();
        foreach (var one in name == "all" ? Names : [name])
        {
            var began = context.Clock.GetTimestamp();
            progress.Begin($"testing {one}", 0);
            var verdict = await TryAsync(one, cancellationToken);
            results.Add(new SelfTestResult(
                one, verdict.Status, verdict.Message, Math.Round(context.Clock.GetElapsedTime(began).TotalSeconds, 3)));
        }
        return new SelfTestReport { Tests = results };
    }

    private async Task<Verdict> TryAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return name switch
            {
                "executable" => await new InstallationTest(surroundings, context).ExecutableAsync(cancellationToken),
                "database" => await new InstallationTest(surroundings, context).DatabaseAsync(cancellationToken),
                "backup" => await new BackupTest(context, progress).ExecuteAsync(cancellationToken),
                "integrity" => await new StoredTests(context, progress).IntegrityAsync(cancellationToken),
                "restore" => await new RestoreTest(context, progress).ExecuteAsync(cancellationToken),
                "cleanup" => await new StoredTests(context, progress).CleanupAsync(cancellationToken),
                "stats" => await new StoredTests(context, progress).StatsAsync(cancellationToken),
                "schedule" => await new ScheduleTest(context).ExecuteAsync(cancellationToken),
                _ => throw new LarderException(
                    EngineError.UsageInvalid, $"There is no self-test \"{name}\"; there are {string.Join(", ", Names)} and all."),
            };
        }
        catch (LarderException e) when (e.Error == EngineError.UsageInvalid)
        {
            throw;
        }
        catch (Exception e) when (e is SourceException || RepositoryFailure.Is(e))
        {
            var error = ErrorTable.Describe(e);
            return Verdict.Failed($"{error.Code} {error.Message}");
        }
    }
}
