using Larder.Engine;
using Larder.Engine.Errors;
using Larder.Engine.Verify;
using Larder.Repository.Maintenance;

namespace Larder.Cli.Commands;

/// <summary>`larder verify`.</summary>
internal sealed class VerifyCommand
{
    private readonly Operand names = new(
        "BACKUP", "Backups to verify; whole repositories without one.", ValueKind.Backup, 0, Operand.AnyNumber);
    private readonly Setting level = new(
        "--level", "LEVEL", "How deep to look; data by default.", ValueKind.Text, "structure", "data", "content");
    private readonly Setting subset = new(
        "--subset", "PART/OF", "Read only this share of the data, such as 1/7 on the first day of seven.");

    public static LarderCommand Create() => new VerifyCommand().Build();

    private LarderCommand Build() => new("verify", "Prove that backups can be read, and name what is damaged.")
    {
        Arguments = { names },
        Options = { level, subset },
        Run = RunAsync,
        TakesRepository = true,
        Details = "structure: every file is there, and every reference leads somewhere. data: besides, every stored byte is decrypted and\n"
            + "hashed, whole or a share. content: besides, dumps are opened, rows counted and compared with the manifest.",
        Examples =
        [
            new("larder verify", "every stored byte of all repositories"),
            new("larder verify --level structure", "a quick look that reads no data"),
            new("larder verify --subset 3/7", "a seventh of the data"),
            new("larder verify latest --level content", "one backup, to the last row"),
        ],
        Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "An object: `status` (success or failed), `level`, `subset`, `run_id`, `started_at`, `duration_seconds`, `checked` (object "
            + "of counts: `repositories`, `backups`, `packs`, `packs_read`, `bytes_read`, `blobs`, `contents`, `entries`, `rows`, "
            + "`content_bytes`), `errors` (array of `code`, `message`, `file`, `repository`, `backups`), `hints`.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var request = new VerifyRequest
        {
            Backups = call.ValuesOf(names),
            Repository = call.Repository,
            Level = call.ValueOf(level) switch
            {
                "structure" => VerifyLevel.Structure,
                "content" => VerifyLevel.Content,
                _ => VerifyLevel.Data,
            },
            Subset = SubsetOf(call.ValueOf(subset)),
        };
        if (call.ValueOf(subset) is not null && request.Level == VerifyLevel.Structure)
        {
            throw new LarderException(EngineError.UsageInvalid, "--subset is a share of the data, which --level structure does not read.")
            {
                Hint = "leave --level structure away.",
            };
        }
        VerifyReport report;
        var progress = new RunProgress();
        await using (call.Show(progress))
        {
            report = await new VerifyRun(call.EngineWithCatalog, request, progress).ExecuteAsync(cancellationToken);
        }
        call.Answer(report.ToJson, () => VerifyText.Write(report));
        return report.ExitStatus;
    }

    private static CheckSubset SubsetOf(string? text) => text switch
    {
        null => CheckSubset.Whole,
        _ when CheckSubset.TryParse(text, out var subset) => subset,
        _ => throw new LarderException(EngineError.UsageInvalid, $"--subset takes a share such as 1/7, and not \"{text}\"."),
    };
}
