using Larder.Engine.Catalog;
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
    public const string All = "all";

    /// <summary>In the order in which <see cref="All"/> runs them.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["executable", "database", "backup", "integrity", "restore", "cleanup", "stats", "schedule"];

    /// <param name="name">One of <see cref="Names"/>, or <see cref="All"/>.</param>
    /// <param name="cancellationToken">Ends the test.</param>
    /// <exception cref="LarderException"><see cref="EngineError.UsageInvalid"/>: there is no such test.</exception>
    public Task<SelfTestReport> ExecuteAsync(string name, CancellationToken cancellationToken)
    {
        EnsureKnown(name);
        return JournaledRun.ExecuteAsync(context, RunKind.Test, null, journal => TestAsync(journal, name, cancellationToken));
    }

    /// <summary>Refuses a name that no test has.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UsageInvalid"/>.</exception>
    public static void EnsureKnown(string name)
    {
        if (name != All && !Names.Contains(name))
        {
            throw new LarderException(
                EngineError.UsageInvalid, $"There is no self-test \"{name}\"; there are {string.Join(", ", Names)} and {All}.");
        }
    }

    private async Task<(SelfTestReport Made, RunResult Result)> TestAsync(
        RunJournal journal, string name, CancellationToken cancellationToken)
    {
        var results = new List<SelfTestResult>();
        foreach (var one in name == All ? Names : [name])
        {
            var began = context.Clock.GetTimestamp();
            progress.Begin($"testing {one}", 0);
            var verdict = await TryAsync(one, cancellationToken);
            results.Add(new SelfTestResult(
                one, verdict.Status, verdict.Message, Math.Round(context.Clock.GetElapsedTime(began).TotalSeconds, 3)));
            journal.Append(
                verdict.Status == SelfTestResult.Failed ? EventLevel.Error : EventLevel.Info, $"{one} {verdict.Status}: {verdict.Message}");
        }
        var report = new SelfTestReport { Tests = results };
        return (report, ResultOf(report));
    }

    private static RunResult ResultOf(SelfTestReport report)
    {
        var failed = report.Tests.Where(test => test.Status == SelfTestResult.Failed).ToList();
        if (failed.Count == 0)
        {
            return RunResult.Success;
        }
        var error = new LarderException(
            EngineError.PrerequisiteFailed,
            $"{failed.Count} of {report.Tests.Count} self-tests failed; the first, {failed[0].Name}: {failed[0].Message}");
        return RunResult.Failed(ErrorTable.Describe(error) with { ExitStatus = report.ExitStatus });
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
                _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
            };
        }
        catch (Exception e) when (e is SourceException || RepositoryFailure.Is(e))
        {
            var error = ErrorTable.Describe(e);
            return Verdict.Failed($"{error.Code} {error.Message}");
        }
    }
}
