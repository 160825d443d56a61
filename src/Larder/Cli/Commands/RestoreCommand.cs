using System.Globalization;
using Larder.Engine.Errors;
using Larder.Engine.Restore;
using Larder.Sources.Dumps;

namespace Larder.Cli.Commands;

/// <summary>`larder restore`.</summary>
internal sealed class RestoreCommand
{
    private readonly Operand name = new("BACKUP", ShowCommand.Naming, ValueKind.Backup, 0, 1);
    private readonly Settings only = new("--only", "SOURCE", "Only this source; may be repeated.");
    private readonly Setting entry = new(
        "--entry", "ENTRY", "One file or folder, as `larder ls` shows it; one table, collection or database.");
    private readonly Setting target = new("--target", "URL|PATH", "Write here; without it, back in place.", ValueKind.Path);
    private readonly Setting environment = new("--environment", "ENVIRONMENT", "Write to where the job's environment of this name says.");
    private readonly Setting jobs = new(
        "--jobs", "N", "Tables or collections that a database server is given at once; by default 1 to 4, as processors.");
    private readonly Flag schemaOnly = new("--schema-only", "Of a database server, definitions without rows.");
    private readonly Flag dataOnly = new("--data-only", "Of a database server, rows into tables that are there.");
    private readonly Flag withUsers = new("--with-users", "The accounts of a database server too: roles and globals, users.");
    private readonly Flag overwrite = new("--in-place",
        "Write over what stands there, with nothing beside it: for who lacks the space or the rights.");
    private readonly Setting entryName = new("--as", "NAME", "With --entry, restore it under this name beside the live one, which stays.");
    private readonly Flag noSafety = new("--no-safety", "Make no backup of what stands there before.");
    private readonly Flag resume = new("--resume", "Finish or undo a restore that was interrupted, and do nothing else.");
    private readonly Flag dryRun = new("--dry-run", "Print the plan, and do nothing.");
    private readonly Flag confirm = new("--confirm", "Do it. Without this the plan is printed and nothing is done.");

    public static LarderCommand Create() => new RestoreCommand().Build();

    private LarderCommand Build() => new("restore", "Restore a backup, beside the live data or in its place.")
    {
        Arguments = { name },
        Options =
        {
            only, entry, entryName, target, environment, jobs, schemaOnly, dataOnly, withUsers, overwrite, noSafety, dryRun, confirm,
            resume,
        },
        Run = RunAsync,
        TakesRepository = true,
        Details = RestoreHelp.TargetRules,
        Examples =
        [
            new("larder restore latest", "the plan of a restore in place; nothing is done"),
            new("larder restore latest --target /tmp/look --confirm", "everything, somewhere else"),
            new(
                "larder restore latest --only db --target postgresql://app@db.example.com/app_copy --confirm",
                "a dump into another database"),
            new("larder restore latest --only db --entry users --environment staging", "the plan of one table into the job's staging"),
            new("larder restore journal:20240708_143022 --only db --confirm", "a database in place; the replaced one is kept beside it"),
            new("larder restore --resume", "see to a restore that was killed"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Refused, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "With --confirm: `run_id`, `backup_id`, `status`, `files`, `bytes`, `duration_seconds`, `targets`, `entries` (array of "
            + "`source`, `entry`, `kind`, `rows`, `match`; of database servers), `safety_backup`, `replaced`, `warnings` (array of `path`, "
            + "`reason`), `verified`. With --resume: an array of `run_id`, `end`, `what`. Without either, or with --dry-run, the plan: "
            + "`backup_id`, `short_id`, `job`, `timestamp`, `repository`, `entry`, `stages`, `takes_safety_backup`, `is_atomic`, "
            + "`estimated_seconds`, "
            + "`lines` (array of `source`, `engine`, `target`, `in_place`, `files`, `folders`, `bytes`, `overwritten`, "
            + "`overwritten_examples`, `left_alone`, `needed_bytes`, `free_bytes`, `steps`, `replaced`; the last two of database servers), "
            + "`refusals` (array of `source`, `reason`), `warnings`, `is_confirmed`, `files`, `bytes`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        if (call.Has(resume))
        {
            return await ResumeAsync(call, cancellationToken);
        }
        if (call.ValueOf(name) is null)
        {
            throw new LarderException(EngineError.UsageInvalid, "Which backup? \"larder restore latest\" shows the plan for the newest.");
        }
        if (call.ValueOf(entryName) is not null && call.ValueOf(entry) is null)
        {
            throw new LarderException(EngineError.UsageInvalid, "--as gives another name to the one entry that --entry names.");
        }
        if (call.Has(schemaOnly) && call.Has(dataOnly))
        {
            throw new LarderException(EngineError.UsageInvalid, "--schema-only and --data-only together leave nothing to restore.");
        }
        var request = new RestoreRequest
        {
            Backup = call.ValueOf(name)!,
            Repository = call.Repository,
            Only = call.NamesOf(only),
            Entry = call.ValueOf(entry),
            Target = call.ValueOf(target),
            Environment = call.ValueOf(environment),
            Part = call.Has(schemaOnly) ? DumpPart.Schema : call.Has(dataOnly) ? DumpPart.Data : DumpPart.All,
            Jobs = JobsOf(call),
            WithUsers = call.Has(withUsers),
            Overwrites = call.Has(overwrite),
            EntryName = call.ValueOf(entryName),
            SkipsSafety = call.Has(noSafety),
            IsConfirmed = call.Has(confirm) && !call.Has(dryRun),
        };
        return await new RestoreAnswer(call, call.Has(dryRun)).RunAsync(request, cancellationToken);
    }

    private static async Task<ExitStatus> ResumeAsync(Call call, CancellationToken cancellationToken)
    {
        var recovered = await Recovering.RunAsync(call, call.EngineWithCatalog, cancellationToken);
        call.Answer(
            () => RestoreJson.Write(recovered),
            () => recovered.Count == 0 ? "No restore was interrupted.\n" : string.Concat(recovered.Select(one => $"{one.What}\n")));
        return ExitStatus.Done;
    }

    private int? JobsOf(Call call) => call.ValueOf(jobs) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= RestoreRequest.JobsMax => number,
        var text => throw new LarderException(
            EngineError.UsageInvalid, $"--jobs takes a number from 1 to {RestoreRequest.JobsMax}, and not \"{text}\"."),
    };
}
