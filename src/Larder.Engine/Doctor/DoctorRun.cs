using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Restore.Transaction;

namespace Larder.Engine.Doctor;

/// <summary>
/// Examines everything that a backup needs, and says what to do. It changes nothing, and what fails is a line of the report: thrown is an
/// interruption alone.
/// </summary>
public sealed class DoctorRun(DoctorSurroundings surroundings)
{
    public async Task<DoctorReport> ExecuteAsync(CancellationToken cancellationToken)
    {
        var checks = new List<DoctorCheck>();
        checks.AddRange(Configuration());
        if (surroundings.Context is { } context)
        {
            var backups = new List<Backup>();
            foreach (var name in context.Repositories.Names)
            {
                var (found, held) = await new RepositoryChecks(context, name).ExecuteAsync(cancellationToken);
                checks.AddRange(found);
                backups.AddRange(held);
            }
            var isAll = checks.TrueForAll(check => check is not { Area: "repository", Status: DoctorStatus.Problem });
            foreach (var job in context.Configuration.Jobs.Values)
            {
                var examined = new JobChecks(surroundings, context, job);
                checks.AddRange(await examined.SourcesAsync(cancellationToken));
                checks.Add(examined.Freshness(backups, isAll));
            }
            checks.Add(Catalog(context));
            checks.Add(Restores(context));
        }
        var machine = new MachineChecks(surroundings);
        checks.AddRange(machine.Libraries());
        checks.AddRange(await machine.ProgramsAsync(cancellationToken));
        checks.AddRange(machine.Machine());
        checks.Add(machine.Terminal());
        return new DoctorReport { Checks = checks };
    }

    private IEnumerable<DoctorCheck> Configuration()
    {
        var result = surroundings.Configuration;
        if (result.Problems.Count == 0)
        {
            yield return Line(DoctorStatus.Ok, result.Configuration is { } configuration
                ? $"{result.File ?? "The environment"} holds {configuration.Repositories.Count} repositories "
                    + $"and {configuration.Jobs.Count} jobs."
                : "Nothing is configured.");
        }
        foreach (var problem in result.Problems)
        {
            yield return Line(
                DoctorStatus.Problem,
                Sentence(problem.Key, problem.Message),
                problem.Suggestion ?? "\"larder config validate\" lists every problem.");
        }
        foreach (var warning in result.Warnings)
        {
            yield return Line(DoctorStatus.Warning, Sentence(warning.Key, warning.Message), warning.Suggestion);
        }

        static string Sentence(string key, string message) => key.Length == 0 ? message : $"{key}: {message}";
        static DoctorCheck Line(DoctorStatus status, string message, string? advice = null) =>
            new() { Area = "configuration", Status = status, Message = message, Advice = advice };
    }

    private static DoctorCheck Restores(EngineContext context)
    {
        var check = new DoctorCheck { Area = "restores", Status = DoctorStatus.Ok, Message = "" };
        if (RestoreRecovery.IsNeeded(context))
        {
            return check with
            {
                Status = DoctorStatus.Problem,
                Message = "A restore was interrupted, and what it left has not been seen to.",
                Advice = "Run \"larder restore --resume\".",
            };
        }
        var kept = KeptData.Find(context).Count;
        return check with
        {
            Message = kept == 0
                ? "No restore was interrupted, and nothing that one replaced is kept."
                : $"No restore was interrupted. What {kept} of them replaced is kept, and can be put back.",
        };
    }

    private static DoctorCheck Catalog(EngineContext context)
    {
        var check = new DoctorCheck { Area = "catalog", Status = DoctorStatus.Ok, Message = "" };
        if (context.Catalog is not { } catalog)
        {
            return check with
            {
                Status = DoctorStatus.Warning,
                Message = $"The catalog {context.Configuration.CatalogPath} could not be opened: backups go on, without run history.",
                Advice = "Check that its folder exists, that this user may write there, and that its disk is not full.",
            };
        }
        try
        {
            return check with { Message = $"The catalog knows {catalog.Runs(new RunFilter { Limit = 1 }).Total} runs." };
        }
        catch (LarderException e)
        {
            return check with { Status = DoctorStatus.Warning, Message = e.Message, Advice = e.Hint };
        }
    }
}
