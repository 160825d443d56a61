using Larder.Cli.Output;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

namespace Larder.Cli.Commands;

/// <summary>`larder unlock`.</summary>
internal sealed class UnlockCommand
{
    private readonly Flag all = new("--all", "Also locks of processes that may be alive. Only when you know that none is.");

    public static LarderCommand Create() => new UnlockCommand().Build();

    private LarderCommand Build() => new("unlock", "Remove locks that were left behind by processes that died.")
    {
        Options = { all },
        Run = RunAsync,
        TakesRepository = true,
        Details = "A lock counts as left behind when its process is dead on this machine, or when it was not refreshed for 30 minutes.",
        Examples =
        [
            new("larder unlock", "in all repositories"),
            new("larder unlock --repository offsite --all", "after the other machine was switched off"),
        ],
        Statuses = [ExitStatus.NoRepository, ExitStatus.WrongPassword],
        Json = "An object: `repositories` (array of `repository`, `removed`), `removed`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var report = await new UnlockRun(call.Engine, call.Repository, call.Has(all)).ExecuteAsync(cancellationToken);
        call.Answer(
            report.ToJson,
            () => string.Join(
                '\n',
                report.Repositories.Select(repository => $"{repository.Repository}: {Show.Count(repository.Removed, "lock")} removed.")));
        return ExitStatus.Done;
    }
}
