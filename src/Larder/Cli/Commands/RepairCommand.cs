using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

namespace Larder.Cli.Commands;

/// <summary>`larder repair`.</summary>
internal static class RepairCommand
{
    public static LarderCommand Create() => CommandTree.Group(
        "repair",
        "Mend what damage has left of a repository.",
        new LarderCommand("index", "Write the index anew from the packs: the cure when index files are damaged or lost.")
        {
            Run = RunAsync,
            TakesRepository = true,
            Details = "No pack and no backup is removed. Run `larder verify` afterwards.",
            Examples = [new("larder repair index --repository local", "one repository")],
            Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
            Json = "An object: `repositories` (array of `repository`, `packs`, `unreadable_packs`).",
        });

    private static async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        RepairIndexReport report;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            report = await new RepairIndexRun(call.EngineWithCatalog, call.Repository, progress).ExecuteAsync(cancellationToken);
        }
        call.Answer(report.ToJson, () => string.Join('\n', report.Repositories.Select(Text)));
        return report.Repositories.Any(repository => repository.UnreadablePacks.Count > 0) ? ExitStatus.Damage : ExitStatus.Done;
    }

    private static string Text(RepairedIndex repository) => string.Join(
        '\n',
        repository.UnreadablePacks.Select(pack => $"{repository.Repository}: pack {pack} cannot be read and is in no index.")
            .Prepend($"{repository.Repository}: {Show.Count(repository.Packs, "pack")} indexed."));
}
