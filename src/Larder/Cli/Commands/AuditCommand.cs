using System.Globalization;
using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine.Access;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder audit`.</summary>
internal sealed class AuditCommand
{
    private readonly Setting limit = new("--limit", "N", "At most this many, newest first; 50 by default.");
    private readonly Flag verify = new("--verify", "Say whether the log is as it was written, and print its head.");
    private readonly Setting head = new("--head", "HASH", "With --verify: a head that was noted before and must be in the log.");

    public static LarderCommand Create() => new AuditCommand().Build();

    private LarderCommand Build() => new("audit", "Show who did and tried what.")
    {
        Options = { limit, verify, head },
        Run = (call, _) => Task.FromResult(Run(call)),
        Details = "Each entry holds the hash of the one before, so none can be changed or taken out unnoticed. Whoever may write the\n"
            + "catalog's file can forge the whole log: note its head elsewhere now and then, and give it with --head.",
        Examples =
        [
            new("larder audit", "the newest entries"),
            new("larder audit --verify", "is it whole? Prints the head, to be noted elsewhere"),
        ],
        Statuses = [ExitStatus.Damage],
        Json = "An array of `number`, `at`, `actor`, `way`, `address`, `action`, `target`, `outcome`, `details`, `hash`. With --verify an "
            + "object: `whole`, `entries`, `head`, `broken_at`, `complaint`.",
    };

    private ExitStatus Run(Call call)
    {
        if (call.ValueOf(head) is not null && !call.Has(verify))
        {
            throw new LarderException(EngineError.UsageInvalid, "--head goes with --verify.");
        }
        var log = new AuditLog(AccessCalls.CatalogOf(call));
        return call.Has(verify) ? Verify(call, log) : List(call, log);
    }

    private ExitStatus Verify(Call call, AuditLog log)
    {
        var verdict = log.Verify(call.ValueOf(head));
        call.Answer(
            () => JsonText.Of(AccessJson.Of(verdict)),
            () => verdict.IsWhole
                ? $"The audit log is whole: {Show.Number(verdict.Entries)} entries.\nHead: {verdict.Head}"
                : verdict.Complaint!);
        return verdict.IsWhole ? ExitStatus.Done : ExitStatus.Damage;
    }

    private ExitStatus List(Call call, AuditLog log)
    {
        if (!int.TryParse(call.ValueOf(limit) ?? "50", NumberStyles.None, CultureInfo.InvariantCulture, out var most) || most < 1)
        {
            throw new LarderException(EngineError.UsageInvalid, $"--limit takes a number of 1 or more, and not \"{call.ValueOf(limit)}\".");
        }
        var (entries, _) = log.Page(most, 0);
        if (call.IsJson)
        {
            call.Answer(new JsonArray([.. entries.Select(entry => (JsonNode)AccessJson.Of(entry))]));
        }
        else if (entries.Count > 0)
        {
            var table = new Table("AT", "WHO", "BY", "FROM", "ACTION", "TARGET", "OUTCOME", "DETAILS");
            foreach (var entry in entries)
            {
                var what = entry.What;
                table.Add(
                    Show.Moment(entry.At, TimeZoneInfo.Local),
                    what.Actor,
                    what.Way,
                    what.Address,
                    what.Action,
                    what.Target,
                    what.Outcome.ToString().ToLowerInvariant(),
                    what.Details);
            }
            call.Print(table.Render(call.OutInk));
        }
        return ExitStatus.Done;
    }
}
