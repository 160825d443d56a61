using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Export;

namespace Larder.Cli.Commands;

/// <summary>`larder export`.</summary>
internal sealed class ExportCommand
{
    private readonly Operand name = new("BACKUP", ShowCommand.Naming, ValueKind.Backup, 1, 1);
    private readonly Setting to = new("--to", "PATH|-", "A folder or file to write, or - for stdout.", ValueKind.Path) { Required = true };
    private readonly Setting format = new(
        "--format", "FORMAT", "What other tools shall read; native by default.", ValueKind.Text, "native", "tar.gz", "sql.gz");
    private readonly Settings only = new("--only", "SOURCE", "Only this source; may be repeated.");
    private readonly Setting entry = new("--entry", "ENTRY", "One file or folder inside a source, as `larder ls` shows it.");
    private readonly Flag force = new("--force", "Replace a file that is there, or fill a folder that is not empty.");

    public static LarderCommand Create() => new ExportCommand().Build();

    private LarderCommand Build() => new("export", "Write a backup as files that other tools read.")
    {
        Arguments = { name },
        Options = { to, format, only, entry, force },
        Run = RunAsync,
        TakesRepository = true,
        Details = "native: files as they are in the backup; on stdout exactly one of them. tar.gz: everything as an archive.\n"
            + "sql.gz: one database as SQL text that sqlite3, psql, mysql or mariadb runs; of several in a dump the one that\n"
            + "--entry names.",
        Examples =
        [
            new("larder export latest --to /tmp/look", "everything, as files"),
            new("larder export latest --only db --format sql.gz --to journal.sql.gz", "a database as SQL"),
            new("larder export latest --format tar.gz --to - | ssh other tar xz", "to another machine"),
        ],
        Statuses = [ExitStatus.Partial, ExitStatus.Refused, ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "An object: `backup_id`, `to`, `format`, `files`, `bytes`, `written_bytes`, `duration_seconds`, `warnings` (array of "
            + "`path`, `reason`). Not together with `--to -`, where stdout holds the export itself.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var request = new ExportRequest
        {
            Backup = call.ValueOf(name)!,
            Repository = call.Repository,
            To = call.ValueOf(to)!,
            Format = ExportRun.ParseFormat(call.ValueOf(format) ?? "native") ?? ExportFormat.Native,
            Only = call.NamesOf(only),
            Entry = call.ValueOf(entry),
            Force = call.Has(force),
        };
        var isStdout = request.To == ExportRequest.StandardOutput;
        if (isStdout && call.IsJson)
        {
            throw new LarderException(EngineError.UsageInvalid, "--json and --to - both want stdout.")
            {
                Hint = "leave --json away, or name a file with --to.",
            };
        }
        if (isStdout && call.World.OutIsTerminal && request.Format != ExportFormat.Native)
        {
            throw new LarderException(EngineError.UsageInvalid, "An archive is not written to a terminal.")
            {
                Hint = "redirect stdout, or name a file with --to.",
            };
        }

        ExportResult result;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            await using var bytes = isStdout ? call.World.OpenOutBytes() : Stream.Null;
            result = await ExportRun.ExecuteAsync(call.Engine, request, bytes, progress, cancellationToken);
        }
        if (isStdout)
        {
            call.Words.Say($"Exported {Show.Count(result.Files, "file")}, {Show.Bytes(result.Bytes)}.");
        }
        else
        {
            call.Answer(
                () => ExportJson.Write(result),
                () => $"Exported {Show.Count(result.Files, "file")}, {Show.Bytes(result.Bytes)}, to {TextWidth.Plain(result.To)} in "
                    + $"{Show.Seconds(result.DurationSeconds)}.");
        }
        foreach (var warning in result.Warnings)
        {
            call.Words.Warn(warning.Path.Length > 0 ? $"{warning.Path}: {warning.Reason}" : warning.Reason);
        }
        return result.Warnings.Count > 0 ? ExitStatus.Partial : ExitStatus.Done;
    }
}
