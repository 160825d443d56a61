using Larder.Engine.Doctor;

namespace Larder.Engine.SelfTests;

/// <summary>The tests `executable` and `database`: what the doctor would find, as a verdict.</summary>
internal sealed class InstallationTest(DoctorSurroundings surroundings, EngineContext context)
{
    public async Task<Verdict> ExecutableAsync(CancellationToken cancellationToken)
    {
        var machine = new MachineChecks(surroundings);
        List<DoctorCheck> checks = [.. machine.Libraries(), .. await machine.ProgramsAsync(cancellationToken)];
        return Verdict.Of(
            Problems(checks),
            $"Larder {context.LarderVersion} runs, and the {checks.Count} libraries and programs that it needs are there.");
    }

    public async Task<Verdict> DatabaseAsync(CancellationToken cancellationToken)
    {
        var checks = new List<DoctorCheck>();
        foreach (var job in context.Configuration.Jobs.Values)
        {
            checks.AddRange(await new JobChecks(surroundings, context, job).SourcesAsync(cancellationToken));
        }
        return checks.Count == 0
            ? Verdict.Skipped("No job is configured, so there is no source to reach.")
            : Verdict.Of(Problems(checks), $"Each of the {checks.Count} sources can be reached and read.");
    }

    private static List<string> Problems(IEnumerable<DoctorCheck> checks) =>
    [
        .. checks.Where(check => check.Status == DoctorStatus.Problem)
            .Select(check => $"{check.Subject}: {check.Message}{(check.Advice is { } advice ? $" {advice}" : "")}"),
    ];
}
