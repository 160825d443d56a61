using System.CommandLine;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Cli.Completing;

/// <summary>`larder complete`, which only the completion scripts call: a line for each word that may stand at the cursor.</summary>
internal sealed class CompleteCommand(RootCommand root)
{
    // Newest first; nobody picks from a longer list.
    private const int BackupsMax = 30;

    private readonly Operand words = new("WORD", "The words before the cursor.", ValueKind.Text, 0, Operand.AnyNumber);

    public static LarderCommand Create(RootCommand root) => new CompleteCommand(root).Build();

    private LarderCommand Build() => new("complete", "Answer a shell that completes words.")
    {
        Arguments = { words },
        Hidden = true,
        Run = RunAsync,
    };

    private Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var typed = call.ValuesOf(words);
        foreach (var word in WordCompletion.Find(root, typed, kind => NamesOf(call, typed, kind)))
        {
            call.Print(word);
        }
        return Task.FromResult(ExitStatus.Done);
    }

    // Nothing is asked that takes long: the configuration, and the catalog for backups, which opening a repository would not be.
    private static IEnumerable<string> NamesOf(Call call, IReadOnlyList<string> typed, ValueKind kind)
    {
        if (ConfigurationLoader.Load(ConfigOf(typed), call.World.Environment).Configuration is not { } configuration)
        {
            return [];
        }
        return kind switch
        {
            ValueKind.Job => configuration.Jobs.Keys,
            ValueKind.Repository => configuration.Repositories.Keys,
            ValueKind.Backup =>
                configuration.Jobs.Keys.Select(job => $"{job}:latest").Prepend("latest").Concat(RecentBackups(call, configuration)),
            _ => [],
        };
    }

    private static IEnumerable<string> RecentBackups(Call call, LarderConfiguration configuration)
    {
        if (!File.Exists(configuration.CatalogPath))
        {
            return [];
        }
        using var catalog = RunJournal.OpenOrWarn(configuration.CatalogPath, call.World.Clock, _ => { });
        var runs = catalog?.Runs(new RunFilter { Kind = RunKind.Backup, Limit = BackupsMax }).Runs ?? [];
        return [.. runs.Where(run => run.BackupId is not null).Select(run => run.BackupId![..8])];
    }

    private static string? ConfigOf(IReadOnlyList<string> typed)
    {
        var at = typed.ToList().IndexOf("--config");
        return at >= 0 && at + 1 < typed.Count
            ? typed[at + 1]
            : typed.FirstOrDefault(word => word.StartsWith("--config=", StringComparison.Ordinal))?["--config=".Length..];
    }
}
